import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { close, MessageChannel, socketPair } from '@holdfast/posix';
import { type FromKeeper, KEEPER_LIMITS, parseFromKeeper, type ToKeeper } from '@holdfast/protocol/keeper';
import {
  childrenOf,
  commandLine,
  eventually,
  installation,
  isAlive,
  passTime,
  processState,
  program,
  untilEnded,
  within,
  zombiesOf,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { STAND_IN, TestKeeper } from './support/test-keeper.ts';

const START = [STAND_IN.node, ...STAND_IN.nodeArguments, STAND_IN.entry];
const WAIT = (then: string) => ['/bin/sh', '-c', `read line; ${then}`];

test('a daemon that is killed is replaced, and gets back everything under its name', async () => {
  await using keeper = await TestKeeper.start();
  const pids = { a: await keeper.open('a', ['/bin/cat']), b: await keeper.open('b', ['/bin/cat']) };
  const first = keeper.daemon;
  const second = await keeper.kill();
  const given = keeper.heard({ by: second, type: 'give' });
  expect(given.map(({ name, pid, fds }) => [name, pid, fds])).toEqual([
    ['lock', undefined, 1],
    ['listener', undefined, 1],
    ['session/a', pids.a, 1],
    ['session/b', pids.b, 1],
  ]);
  expect(keeper.heard({ by: second, type: 'given' })).toMatchObject([{ count: 4 }]);
  await keeper.order({ do: 'type', name: 'session/b', text: 'still here\n' });
  await keeper.order({ do: 'read', name: 'session/b' });
  expect(await keeper.hears({ by: second, type: 'read' })).toMatchObject({
    text: expect.stringContaining('still here'),
  });
  expect(Object.values(pids).every(isAlive)).toBe(true);
  await eventually('the report names it', () => keeper.report.daemonPid === second);
  expect(keeper.report).toMatchObject({
    pid: keeper.pid,
    state: 'running',
    failures: expect.any(Number),
    reason: `daemon ${first} ended: SIGKILL`,
  });
});

test('what was dropped is not given back, and its terminal is hung up', async () => {
  await using keeper = await TestKeeper.start();
  const pid = await keeper.open('a', ['/bin/cat']);
  await keeper.open('b', ['/bin/cat']);
  await keeper.order({ do: 'say', kind: 'drop', name: 'session/a' });
  const second = await keeper.kill();
  await untilEnded(pid);
  expect(keeper.heard({ by: second, type: 'give' }).map(({ name }) => name)).toEqual([
    'lock',
    'listener',
    'session/b',
  ]);
});

test('true statuses of programs whose daemon has died are told to every daemon until one has taken them', async () => {
  await using keeper = await TestKeeper.start();
  const five = await keeper.open('five', WAIT('exit 5'));
  const fault = await keeper.open('fault', WAIT('kill -SEGV $$'));
  const before = await keeper.open('before', ['/bin/sh', '-c', 'exit 7']);
  await eventually('a program that nobody has waited for', () => processState(before) === 'Z');
  const second = await keeper.kill();
  // A zombie of the first one.
  expect(await keeper.hears({ by: second, type: 'exited', pid: before })).toMatchObject({
    status: { code: 7 },
  });
  for (const name of ['session/five', 'session/fault']) await keeper.order({ do: 'type', name, text: '\n' });
  await keeper.hears({ by: second, type: 'exited' }, 3);
  const third = await keeper.kill();
  const toThird = keeper.heard({ by: third, type: 'exited' });
  expect(new Map(toThird.map(({ pid, status }) => [pid, status]))).toEqual(
    new Map<unknown, unknown>([
      [five, { code: 5 }],
      [fault, { signal: 'SIGSEGV' }],
      [before, { code: 7 }],
    ]),
  );
  const order = keeper.heard({ by: third }).map(({ type }) => type);
  expect(order.indexOf('given')).toBeGreaterThan(order.lastIndexOf('exited'));
  for (const pid of [five, before]) await keeper.order({ do: 'say', kind: 'taken', pid });
  // A third death in a row that came soon after its daemon was ready would be one too many.
  await passTime(2_000);
  const fourth = await keeper.kill();
  expect(keeper.heard({ by: fourth, type: 'exited' }).map(({ pid }) => pid)).toEqual([fault]);
  expect(zombiesOf(keeper.pid)).toEqual([]);
});

test('after three daemons in a row that can not start it holds, programs go on, and resume brings all back', async () => {
  await using keeper = await TestKeeper.start();
  const pid = await keeper.open('a', ['/bin/cat']);
  keeper.crashes = true;
  process.kill(keeper.daemon, 'SIGKILL');
  await eventually('it holds', () => keeper.report.state === 'held');
  expect(keeper.report).toMatchObject({
    daemonPid: null,
    failures: 3,
    reason: expect.stringContaining('code 3'),
  });
  expect(JSON.parse(await keeper.request({ type: 'status' }))).toEqual({ ok: { report: keeper.report } });
  expect(isAlive(pid)).toBe(true);
  expect(childrenOf(keeper.pid)).toEqual([pid]);
  const waiting = net.connect(path.join(keeper.folder, 'listener'));
  await new Promise((resolve) => waiting.on('connect', resolve));
  keeper.crashes = false;
  const answer: unknown = JSON.parse(await keeper.request({ type: 'resume', ...STAND_IN }));
  await keeper.hears({ type: 'obeying' }, 2);
  expect(answer).toEqual({ ok: { daemonPid: keeper.daemon } });
  expect(keeper.heard({ by: keeper.daemon, type: 'give' }).map(({ name }) => name)).toContain('session/a');
  expect(keeper.report).toMatchObject({ state: 'running', daemonPid: keeper.daemon, failures: 0 });
  waiting.destroy();
});

test('resume while a daemon runs changes nothing', async () => {
  await using keeper = await TestKeeper.start();
  const { daemon } = keeper;
  expect(JSON.parse(await keeper.request({ type: 'resume', ...STAND_IN, node: '/bin/false' }))).toEqual({
    ok: { daemonPid: daemon },
  });
  expect(await keeper.kill()).not.toBe(daemon);
});

test('a terminal that is closed, a logout and Ctrl-C leave it alone, and SIGTERM ends it alone', async () => {
  await using keeper = await TestKeeper.start();
  const pid = await keeper.open('a', ['/bin/cat']);
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1'] as const) process.kill(-keeper.pid, signal);
  expect(JSON.parse(await keeper.request({ type: 'status' }))).toMatchObject({
    ok: { report: { pid: keeper.pid } },
  });
  expect(isAlive(keeper.daemon)).toBe(true);
  process.kill(-keeper.pid, 'SIGTERM');
  await untilEnded(keeper.pid);
  await keeper.hears({ type: 'end' });
  expect(isAlive(keeper.daemon)).toBe(true);
  expect(isAlive(pid)).toBe(true);
});

test("programs get signals as usual, and nothing else that is the keeper's", async () => {
  await using keeper = await TestKeeper.start();
  const { by, ...started } = await keeper.hears({ type: 'started' });
  const home = ['--runtime-dir', keeper.folder, '--state-dir', keeper.folder, '--home', keeper.folder];
  expect(started['pgid']).toBe(by);
  expect(started['ppid']).toBe(keeper.pid);
  expect(started['argv']).toEqual([
    STAND_IN.node,
    ...STAND_IN.nodeArguments,
    STAND_IN.entry,
    'serve',
    ...home,
    '--ready-fd',
    '3',
    '--keeper-fd',
    '4',
  ]);
  process.kill(keeper.daemon, 'SIGHUP');
  await keeper.hears({ type: 'started' }, 2);
});

test('a daemon that says that it stops takes the keeper along', async () => {
  await using keeper = await TestKeeper.start();
  await keeper.order({ do: 'say', kind: 'stop' });
  void keeper.order({ do: 'exit', code: 0 }).catch(() => undefined); // it is not done when it is over
  await untilEnded(keeper.pid);
  expect(keeper.heard({ type: 'started' })).toHaveLength(1);
  await expect(keeper.request({ type: 'status' })).rejects.toThrow('ENOENT');
  expect(readFileSync(path.join(keeper.folder, 'keeper.log'), 'utf8')).not.toContain('startAfresh');
});

test('a second keeper for a home ends with its daemon, and the first one is as before', async () => {
  await using keeper = await TestKeeper.start();
  const second = new TestKeeper({ folder: keeper.folder });
  await untilEnded(second.pid);
  expect(keeper.heard({ type: 'busy' })).toHaveLength(1);
  expect(JSON.parse(await keeper.request({ type: 'status' }))).toMatchObject({
    ok: { report: { pid: keeper.pid } },
  });
});

test('a keeper whose files are removed makes them anew, and does what it is asked to', async () => {
  await using keeper = await TestKeeper.start();
  keeper.crashes = true;
  process.kill(keeper.daemon, 'SIGKILL');
  await eventually('it holds', () => keeper.report.state === 'held');
  const file = (name: string) => path.join(keeper.folder, name);
  for (const name of ['keeper.sock', 'keeper.json']) rmSync(file(name));
  await eventually(
    'both are there',
    () => existsSync(file('keeper.sock')) && existsSync(file('keeper.json')),
  );
  expect(keeper.report).toMatchObject({ pid: keeper.pid, state: 'held' });
  keeper.crashes = false;
  expect(await keeper.request({ type: 'resume', ...STAND_IN })).toContain('"ok"');
  await keeper.hears({ type: 'obeying' }, 2);
});

test('of two keepers that have the lock of one daemon the later one starts the next, and the other ends', async () => {
  await using keeper = await TestKeeper.start();
  const { daemon, folder } = keeper;
  // As a daemon does that believes its keeper lost.
  const [ours, theirs] = socketPair('messages');
  const home = ['--runtime-dir', folder, '--state-dir', folder];
  const second = spawn(
    process.execPath,
    [
      installation().keeperEntry,
      ...home,
      '--daemon-pid',
      String(daemon),
      '--channel-fd',
      '3',
      '--',
      ...START,
    ],
    {
      env: { PATH: process.env['PATH'], HOLDFAST_HOME: folder },
      stdio: ['ignore', 'ignore', 'ignore', theirs],
    },
  );
  close(theirs);
  const limits = { messageBytes: KEEPER_LIMITS.messageBytes, descriptors: 1 };
  const channel = new MessageChannel<ToKeeper, FromKeeper>(ours, parseFromKeeper, limits);
  const lock = openSync(path.join(folder, 'lock'), 'r');
  for (const name of ['lock', 'listener'] as const) channel.trySend({ type: 'hold', name }, [lock]);
  await eventually('the second one has the home', () => keeper.report.pid === second.pid);
  const next = await keeper.kill();
  await untilEnded(keeper.pid);
  expect(childrenOf(second.pid ?? -1)).toEqual([next]);
  expect(keeper.heard({ type: 'obeying' })).toHaveLength(2);
  expect(keeper.report).toMatchObject({ pid: second.pid, daemonPid: next });
  channel.close();
  close(lock);
});

test('the first daemon speaks to whoever started the keeper, and later ones to the log', async () => {
  await using keeper = await TestKeeper.start();
  await within('the end of the ready descriptor', keeper.readyClosed);
  expect(keeper.said.ready).toBe('{"ready":true}\n');
  await keeper.kill();
  expect(keeper.said.ready).toBe('{"ready":true}\n');
});

test('a first daemon that can not be started is told of as a daemon would tell it', async () => {
  await using keeper = new TestKeeper({ start: ['/nowhere/node', '/nowhere/main.js'] });
  await untilEnded(keeper.pid);
  await within('the end of the ready descriptor', keeper.readyClosed);
  expect(JSON.parse(keeper.said.ready)).toMatchObject({ ready: false, code: 'E_DAEMON_START' });
  expect(keeper.said.ready).toContain('/nowhere/node could not be started: PosixError: ENOENT');
  expect(keeper.said.stderr).toBe('');
});

test('its files are for their owner only', async () => {
  await using keeper = await TestKeeper.start();
  await eventually('its report', () => existsSync(path.join(keeper.folder, 'keeper.json')));
  for (const name of ['keeper.sock', 'keeper.json', 'keeper.log'])
    expect([name, statSync(path.join(keeper.folder, name)).mode & 0o777]).toEqual([name, 0o600]);
});

test.skipIf(process.getuid?.() !== 0)(
  'another user is refused by credentials, even where the path lets him through (needs root)',
  async () => {
    await using keeper = await TestKeeper.start();
    const socket = path.join(keeper.folder, 'keeper.sock');
    chmodSync(keeper.folder, 0o755);
    chmodSync(socket, 0o777);
    const request = Buffer.from('{"type":"status"}\n').toString('hex');
    const [python = '', ...args] = program('connect-as.py', 65_534, socket, request);
    const { stdout } = await promisify(execFile)(python, args);
    expect(stdout.trim()).toMatch(/^(closed after|ConnectionResetError|BrokenPipeError)$/);
    expect(await keeper.request({ type: 'status' })).toContain('"ok"');
  },
);

test('orphans are its children, and never zombies', async () => {
  await using keeper = await TestKeeper.start();
  const script = 'for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.0$i &); done; (exec sleep 1000 &); read line';
  const pid = await keeper.open('a', ['/bin/sh', '-c', script]);
  await eventually('the one that stays, and no other', () => {
    const children = childrenOf(keeper.pid);
    return children.length === 2 && children.some((child) => commandLine(child).includes('sleep 1000'));
  });
  expect(zombiesOf(keeper.pid)).toEqual([]);
  expect(isAlive(pid)).toBe(true);
});

test('a daemon that talks nonsense loses its channel and not its life, and is replaced when it dies', async () => {
  await using keeper = await TestKeeper.start();
  const { daemon } = keeper;
  await keeper.order({ do: 'raw', text: '{"type":"hold"}' });
  await keeper.hears({ by: daemon, type: 'end' });
  expect(isAlive(daemon)).toBe(true);
  await keeper.kill();
  expect(keeper.heard({ by: keeper.daemon, type: 'give' })).toHaveLength(2);
});

test.for([
  [{ do: 'say', kind: 'adopted', pid: 1 }, 'adopted', 'a current may not say that'],
  [{ do: 'say', kind: 'hold', name: 'session/x' }, 'hold', 'a descriptor too many, or too few'],
  [{ do: 'say', kind: 'spawn', node: '/nowhere', nodeArguments: [], entry: '/x' }, 'spawn', 'too few'],
  [{ do: 'spawn', node: '/nowhere', nodeArguments: [], entry: '/x' }, 'spawn', 'ENOENT'],
  [{ do: 'raw', text: '{"type":"ready"}', fds: 1 }, 'ready', 'too many'],
  [{ do: 'raw', text: '{"type":"hold","name":"session/x"}', fds: 4 }, 'hold', 'could not be taken'],
] as const)('%j is refused', async ([order, to, reason]) => {
  await using keeper = await TestKeeper.start();
  await keeper.order(order);
  expect(await keeper.hears({ type: 'refused' })).toMatchObject({
    to,
    reason: expect.stringContaining(reason),
  });
  expect((await keeper.succeed()) > 0).toBe(true);
});

test.for([
  ['{', /JSON/],
  ['{"type":"dance"}', /no request dance/],
  ['{"type":"resume"}', /node: is missing/],
  ['x'.repeat(60_000), /one line/],
] as const)('the request %s is answered with what is wrong', async ([text, why]) => {
  await using keeper = await TestKeeper.start();
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = net.connect(path.join(keeper.folder, 'keeper.sock'));
    socket.on('data', (chunk) => resolve(chunk.toString()));
    socket.on('error', reject);
    socket.write(text.startsWith('x') ? text : `${text}\n`);
  });
  expect(answer).toMatch(why);
});

test('a report that could not be written is written when it can be', async () => {
  await using keeper = await TestKeeper.start();
  const obstacle = path.join(keeper.folder, 'keeper.json.new');
  mkdirSync(obstacle);
  const before = keeper.report.daemonPid;
  const daemon = await keeper.kill();
  expect(keeper.report.daemonPid).toBe(before);
  rmdirSync(obstacle);
  await eventually('the report is true again', () => keeper.report.daemonPid === daemon);
});
