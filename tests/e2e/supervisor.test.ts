import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Connector, netConnector } from '@holdfast/client';
import { close, lockFile } from '@holdfast/posix';
import { commandLine, eventually, processState, stopProcess } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { endAmid } from './support/end-amid.ts';
import { SupervisedHome, thisBuild } from './support/supervised.ts';

/** For processes that all start at once, on a machine that has other things to do. */
const TOGETHER_MS = 50_000;
/** More than somebody sleeps who only waits for an answer to hello. */
const ASLEEP_LOOKS = 60;

test('ten processes that ensure a daemon at once end with one keeper and one daemon', async () => {
  await using home = new SupervisedHome();
  const opened = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      home.cli(['new', '-d', '--name', `s${index}`, '--', 'cat'], { withinMs: TOGETHER_MS }),
    ),
  );
  expect(opened.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    opened.map(() => ({ code: 0, stderr: '' })),
  );
  expect(home.processes.filter((pid) => / serve --runtime-dir /.test(commandLine(pid)))).toHaveLength(1);
  expect(home.processes.filter((pid) => /keeper\/main.js /.test(commandLine(pid)))).toHaveLength(1);
  expect(await home.supervisor().status()).toMatchObject({ sessions: { running: 10 } });
});

test('ten upgrades that overlap, of several processes, are one', async () => {
  await using home = new SupervisedHome();
  const points = path.join(home.scratch('points'), 'points.json');
  writeFileSync(points, JSON.stringify({ 'successor.loaded': 'stop' }));
  const supervisor = home.supervisor({}, { env: { ...home.env, HOLDFAST_TEST_POINTS: points } });
  const { pid } = await supervisor.ensure();
  const { id } = await home.open('s');
  const inProcess = Array.from({ length: 7 }, () => home.supervisor().upgrade({ timeoutMs: TOGETHER_MS }));
  const others = Array.from({ length: 3 }, () =>
    home.startCli(['upgrade', '--json', '--timeout', String(TOGETHER_MS)]),
  );
  const successor = await eventually('a successor that stands', () =>
    home.processes.find((other) => / adopt /.test(commandLine(other)) && processState(other) === 'T'),
  );
  // All of them have a connection, which carries nothing but the request that follows its hello.
  const client = await home.connect();
  await eventually(
    'all who ask',
    async () => (await client.request('status', {})).clients >= 11,
    TOGETHER_MS / 2,
  );
  // Who has nothing to do any more but to wait has asked.
  let looks = 0;
  await eventually('the last one who asks', () => {
    looks = others.every((one) => processState(one.pid) === 'S') ? looks + 1 : 0;
    return looks === ASLEEP_LOOKS;
  });
  // Who can't ask is told of it, too.
  const believed = () => JSON.parse(readFileSync(home.paths.manifestPath, 'utf8'));
  await eventually('the manifest that tells who is about to take over', () => believed().update.successor);
  const { version, build } = thisBuild(home);
  expect(believed()).toMatchObject({ pid, update: { available: build, phase: 'starting', successor } });
  const underWay = { to: `${version}+${build}`, phase: 'starting', successor };
  expect((await supervisor.status()).update).toMatchObject({ underWay });
  expect((await home.cli(['status'])).stdout.toString()).toMatch(
    new RegExp(
      `^update    to ${version}\\+${build} under way by process ${successor} for .*: starting$`,
      'm',
    ),
  );
  process.kill(successor, 'SIGCONT');
  const outcomes = [
    ...(await Promise.all(inProcess)),
    ...(await Promise.all(others.map((one) => one.result()))).map(({ stdout }) => JSON.parse(String(stdout))),
  ];
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ ok: true, from: { pid }, to: { pid: successor }, sessions: 1 });
  }
  expect(believed()).toMatchObject({ pid: successor, protocols: [1], update: null });
  expect((await supervisor.status()).update.underWay).toBeNull();
  expect(home.logged('upgrade.begun')).toHaveLength(1);
  expect((await client.request('get', { session: id })).session.state).toBe('running');
});

test('without a daemon an upgrade is a value, and a restart an error', async () => {
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  expect(await supervisor.upgrade()).toMatchObject({ ok: false, code: 'E_NO_DAEMON', sessions: null });
  await expect(supervisor.restart()).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
  await expect(supervisor.resume()).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
  expect(await supervisor.stop()).toEqual({ kind: 'notRunning' });
  expect(await supervisor.adopt()).toEqual({ kind: 'none' });
  // Nothing was tried, and so nothing has failed.
  expect((await supervisor.status()).update.failure).toBeNull();
});

test('a daemon that stands is unknown, not dead; an upgrade ends in time, and does not happen when it goes on', async () => {
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  const { pid } = await supervisor.ensure();
  const { id, pid: program } = await home.open('s');
  await stopProcess(pid);
  expect(await supervisor.adopt()).toMatchObject({ kind: 'unknown', code: 'E_TIMEOUT', pid });
  const began = performance.now();
  expect(await supervisor.upgrade({ timeoutMs: 4_000 })).toMatchObject({ ok: false, code: 'E_TIMEOUT' });
  expect(performance.now() - began).toBeLessThan(15_000);
  await expect(supervisor.restart()).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  process.kill(pid, 'SIGCONT');
  const client = await home.connect();
  expect((await client.request('get', { session: id })).session).toMatchObject({
    state: 'running',
    pid: program,
  });
  expect(client.daemon.pid).toBe(pid);
  expect(home.logged('upgrade.begun')).toEqual([]);
});

test('an upgrade that a daemon gets and does not answer in time does not happen later', async () => {
  await using home = new SupervisedHome();
  const connector = netConnector(home.paths.socketPath);
  let pid = 0;
  const stopping = {
    ...connector,
    async connect() {
      const transport = await connector.connect();
      const send = transport.send.bind(transport);
      // The daemon has answered hello; it stands before it can read what follows.
      transport.send = (bytes) => {
        if (Buffer.from(bytes).includes('"upgrade"')) process.kill(pid, 'SIGSTOP');
        return send(bytes);
      };
      return transport;
    },
  };
  const supervisor = home.supervisor({}, { connector: stopping });
  pid = (await supervisor.ensure()).pid;
  const { id } = await home.open('s');
  expect(await supervisor.upgrade({ timeoutMs: 1_000 })).toMatchObject({ ok: false, code: 'E_TIMEOUT' });
  process.kill(pid, 'SIGCONT');
  const client = await home.connect();
  expect((await client.request('get', { session: id })).session.state).toBe('running');
  expect(client.daemon.pid).toBe(pid);
  expect(home.logged('upgrade.begun')).toEqual([]);
});

test('ensure, restart, stop and resume wait for whoever starts or stops the daemon just now; an upgrade does not', async () => {
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  const { pid } = await supervisor.ensure();
  const lock = lockFile(home.paths.lifecycleLockPath) ?? -1;
  const over: string[] = [];
  const verbs = (['ensure', 'resume', 'restart', 'stop'] as const).map(async (verb) => {
    const other = home.supervisor();
    const outcome: unknown = await other[verb]().catch((error: unknown) => error);
    over.push(verb);
    return outcome;
  });
  // Long enough for each of them to have done what it does, if it did not wait.
  for (let times = 0; times < 3; times += 1) expect(await supervisor.upgrade()).toMatchObject({ ok: true });
  const client = await home.connect();
  expect(client.daemon.pid).not.toBe(pid);
  expect(over).toEqual([]);
  close(lock);
  await Promise.all(verbs);
  expect(over.toSorted()).toEqual(['ensure', 'restart', 'resume', 'stop']);
});

/** Both before the freeze, while everything stands still, and after the commit; tests/long/restart-steps.test.ts has all of both. */
test.each([
  ['restart', ['successor.loaded', 'predecessor.snapshot', 'successor.adopted', 'successor.committed']],
  ['stop', ['successor.prepared', 'predecessor.sent', 'predecessor.committed', 'successor.serving']],
] as const)(
  '%s in the midst of an upgrade, at %j, ends everything, and leaves at most one daemon',
  (verb, steps) => endAmid(verb, steps),
  120_000,
);

test('a manifest that names another process is put right, and that process lives', async () => {
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  const { pid } = await supervisor.ensure();
  const read = () => JSON.parse(readFileSync(home.paths.manifestPath, 'utf8'));
  const manifest = read();
  expect(manifest).toMatchObject({ pid, update: null });
  // This process has got the pid of a daemon that is long gone.
  for (const stale of [
    { ...manifest, pid: process.pid },
    { ...manifest, startTime: 1, later: 'field' },
    'no manifest',
  ]) {
    writeFileSync(home.paths.manifestPath, JSON.stringify(stale));
    expect(await supervisor.adopt()).toMatchObject({ kind: 'serving', daemon: { pid } });
    expect(read()).toEqual(manifest);
  }
  expect(home.told('manifest_repaired').map(({ why }) => why)).toEqual([
    `it named process ${process.pid}`,
    `process ${pid} was another one`,
    'it could not be read',
  ]);
  writeFileSync(home.paths.manifestPath, JSON.stringify({ ...manifest, pid: process.pid }));
  expect(await supervisor.stop()).toEqual({ kind: 'stopped', ended: 0 });
});

test('what a keeper has left behind is not believed once another process has its pid', async () => {
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  await supervisor.ensure();
  const { keeperReportPath } = home.paths;
  const report = JSON.parse(readFileSync(keeperReportPath, 'utf8'));
  expect((await supervisor.status()).keeper).toMatchObject({ pid: home.keeperPid, state: 'running' });
  await supervisor.stop();
  const left = { ...report, pid: process.pid, state: 'held', failures: 3, reason: 'none could go on' };
  writeFileSync(keeperReportPath, JSON.stringify(left));
  expect((await supervisor.status()).keeper).toBeNull();
  expect(await home.cli(['new', '-d', '--', 'cat'])).toMatchObject({ code: 0, stderr: '' });
});

test('a supervisor that watches tells a crash from a restart', async () => {
  await using home = new SupervisedHome();
  const supervisor = home.supervisor();
  const { pid } = await supervisor.ensure();
  const states: string[] = [];
  using watching = supervisor.watch(({ state }) => states.push(state), { autoUpdate: false });
  const serves = (other: number) => () => {
    const { daemon, state } = watching.view;
    return state === 'serving' && daemon?.pid !== other && daemon?.pid;
  };
  await eventually('the first look', serves(0));
  process.kill(pid, 'SIGKILL');
  const next = await eventually('the daemon after the crash', serves(pid));
  expect(home.told('crash')).toEqual([{ type: 'crash', pid, by: next }]);
  await supervisor.restart();
  await eventually('the daemon after the restart', serves(next));
  expect(home.told('crash')).toHaveLength(1);
  await supervisor.stop();
  await eventually('nobody', () => watching.view.state === 'absent');
  expect(watching.view).toMatchObject({ daemon: null, update: { running: null, pending: false } });
  expect(states).toContain('lost');
});

test('a daemon that is busy right after it has taken over makes no failure of the upgrade', async () => {
  await using home = new SupervisedHome();
  const { pid } = await home.supervisor().ensure();
  const { id } = await home.open('s');
  const connector = netConnector(home.paths.socketPath);
  let successor = -1;
  const stoppingAtStatus: Connector = {
    ...connector,
    // Nobody asks meanwhile how far it is, so that the first who asks is who has its answer.
    after: (ms, callback) => connector.after(ms < 1_000 ? TOGETHER_MS : ms, callback),
    async connect() {
      const transport = await connector.connect();
      const send = transport.send.bind(transport);
      transport.send = (bytes) => {
        if (Buffer.from(bytes).includes('"status"')) {
          successor = home.daemonPid ?? -1;
          process.kill(successor, 'SIGSTOP');
        }
        return send(bytes);
      };
      return transport;
    },
  };
  const outcome = await home.supervisor({}, { connector: stoppingAtStatus }).upgrade();
  expect(processState(successor)).toBe('T');
  process.kill(successor, 'SIGCONT');
  expect(outcome).toMatchObject({ ok: true, from: { pid }, to: { pid: successor }, sessions: 1 });
  expect(home.told('update_failed')).toEqual([]);
  expect(await home.supervisor().status()).toMatchObject({
    daemon: { pid: successor },
    update: { failure: null },
  });
  const client = await home.connect();
  expect((await client.request('get', { session: id })).session.state).toBe('running');
});

test('a listener that throws ends nothing: neither what it is told of, nor that others are told, nor the watch', async () => {
  await using home = new SupervisedHome();
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  try {
    const supervisor = home.supervisor();
    const fault = () => {
      throw new Error('the fault of a listener');
    };
    supervisor.subscribe(fault);
    const heard: string[] = [];
    supervisor.subscribe(({ type }) => heard.push(type));
    const states: string[] = [];
    using watching = supervisor.watch(({ state }) => {
      states.push(state);
      fault();
    });
    await eventually('it is seen that none runs', () => watching.view.state === 'absent');
    const { pid } = await supervisor.ensure();
    expect(heard).toContain('spawn');
    await eventually('the daemon is seen', () => watching.view.daemon?.pid === pid);
    await supervisor.stop();
    await eventually('its end is seen', () => watching.view.state === 'absent');
    expect(states).toEqual(expect.arrayContaining(['absent', 'serving']));
    expect(warnings.map(({ message }) => message)).toContain('the fault of a listener');
  } finally {
    process.off('warning', onWarning);
  }
});

test('what is told goes to the log as lines of JSON, of all processes', async () => {
  await using home = new SupervisedHome();
  await home.cli(['new', '-d', '--', 'cat']);
  await home.supervisor().upgrade();
  const lines = readFileSync(home.paths.supervisorLogPath, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ event }) => event)).toEqual(['spawn', 'update_attempt', 'update_ok']);
  expect(lines[2]).toMatchObject({ namespace: 'default', by: process.pid, sessions: 1, bytes: 0 });
  expect(lines[2]).toMatchObject({ clients: 1, pauseMs: expect.any(Number) });
});
