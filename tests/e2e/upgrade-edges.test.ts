import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { encodeData, FRAME, LIMITS } from '@holdfast/protocol';
import {
  eventually,
  firstDifference,
  isAlive,
  passTime,
  program,
  RawClient,
  startDaemon,
  TestHome,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { recordFlood, sameBuild, startWithPoints, stoppedSuccessor, upgrade } from './support/upgrades.ts';
import { endEarlier } from './support/aged-session.ts';

test('a predecessor that is killed once it has committed leaves everything to its successor', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const { output } = await recordFlood(daemon);
  const client = await daemon.client();
  at({ 'predecessor.committed': 'kill', 'successor.committed': 'stop' });
  const upgraded = upgrade(daemon, client);
  const successor = await stoppedSuccessor(daemon);
  await daemon.ended;
  process.kill(successor, 'SIGCONT');
  expect((await upgraded).to.pid).toBe(successor);
  await output.output.untilLength(output.bytes.length + 1024 * 1024);
  expect(firstDifference(output.bytes, 0)).toBe(-1);
}, 60_000);

test('who asks for another upgrade while one is being done is not answered for it', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  at({ 'successor.committed': 'stop' });
  const first = upgrade(daemon, client);
  const successor = await stoppedSuccessor(daemon);
  const expected = { version: '9.9.9', build: 'ffffffffffff' };
  const second = client.request('upgrade', { ...sameBuild(daemon), expect: expected }, { timeoutMs: 20_000 });
  second.catch(() => undefined);
  at({});
  process.kill(successor, 'SIGCONT');
  expect((await first).to.pid).toBe(successor);
  await expect(second).rejects.toMatchObject({ code: 'E_UPGRADE_UNEXPECTED' });
}, 60_000);

test('who waits for a session by its name waits for the same one across an upgrade', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const session = await daemon.openCommand(['/bin/sleep', '1000'], { name: 'build' });
  const waiting = client.request('wait', { session: 'build' }, { timeoutMs: null });
  await client.request('rename', { session: session.id, name: 'old' });
  const other = await daemon.openCommand(['/bin/sleep', '1000'], { name: 'build' });
  await upgrade(daemon, client);
  await client.request('kill', { session: other.id }, { timeoutMs: null });
  await client.request('kill', { session: 'old' }, { timeoutMs: null });
  expect((await waiting).session.id).toBe(session.id);
}, 60_000);

test('what is left of a session that is being killed is killed by the successor, too', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  // The shell ends at the hang-up; the family ignores it, and two of it have left the session.
  const family = program('fork-tree.py').join(' ');
  const session = await daemon.openCommand(['/bin/sh', '-c', `${family} & wait`]);
  const output = await daemon.record(session);
  const [, list = ''] = await output.waitFor(/pids ([\d ]+) end/);
  at({ 'successor.loaded': 'stop' });
  const upgraded = upgrade(daemon, client);
  const successor = await stoppedSuccessor(daemon);
  await client.request('kill', { session: session.id }, { timeoutMs: null });
  process.kill(successor, 'SIGCONT');
  await upgraded;
  const pids = list.split(' ').map(Number);
  expect(pids).toHaveLength(5);
  await eventually('the end of the family', () => pids.every((pid) => !isAlive(pid)));
}, 60_000);

test('a client that reads nothing during an upgrade hears of what was forgotten before', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const flood = await daemon.open('write-and-exit.py', [900_000, 0]);
  const forgotten = await daemon.openCommand(['/bin/true']);
  for (const { id } of [flood, forgotten]) await client.request('wait', { session: id }, { timeoutMs: null });
  using slow = await RawClient.connect(daemon.home.paths.socketPath);
  await slow.hello();
  await slow.request({ id: 1, type: 'watch' });
  const subscribe = { id: 2, type: 'subscribe', session: flood.id, channel: 1, from: 'start', mode: 'exact' };
  await slow.request(subscribe);
  slow.stopReading();
  await client.request('forget', { session: forgotten.id });
  await upgrade(daemon, client);
  slow.socket.resume();
  await slow.message(({ event }) => event === 'exited');
  expect(slow.outputBytes).toBe(900_000);
  await slow.message(({ event, id }) => event === 'forgotten' && id === forgotten.id);
}, 60_000);

test('a successor saves the states that could not be saved before, and no others', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const [one, other] = [await daemon.openCommand(['/bin/cat']), await daemon.openCommand(['/bin/cat'])];
  const folder = (id: string) => path.join(daemon.home.paths.stateDir, 'sessions', id);
  const state = (id: string) => path.join(folder(id), 'state.json');
  fs.renameSync(folder(one.id), `${folder(one.id)}.away`);
  await client.request('rename', { session: one.id, name: 'unsaved' });
  expect((await daemon.get(one)).warnings.join()).toMatch(/could not be saved/);
  fs.renameSync(`${folder(one.id)}.away`, folder(one.id));
  const before = fs.statSync(state(other.id), { bigint: true });
  await upgrade(daemon, client);
  await eventually('it is saved', () => fs.readFileSync(state(one.id), 'utf8').includes('"unsaved"'));
  await eventually('and says so', async () => (await daemon.get(one)).warnings.length === 0);
  expect(fs.statSync(state(other.id), { bigint: true }).ino).toBe(before.ino);
}, 60_000);

test('a connection that was refused ends with its client, also after an upgrade that failed', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  at({ 'successor.loaded': 'stop', 'successor.adopted': 'throw' });
  const asked = upgrade(daemon, client);
  const successor = await stoppedSuccessor(daemon);
  using refused = await RawClient.connect(daemon.home.paths.socketPath);
  refused.send(Buffer.alloc(5, 0xff));
  const refusedAt = performance.now();
  expect(await refused.farewell()).toBe('E_PROTOCOL');
  process.kill(successor, 'SIGCONT');
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_REFUSED' });
  expect((await client.request('status', {})).clients).toBe(2);
  refused.socket.destroy();
  await eventually('its end', async () => (await client.request('status', {})).clients === 1);
  // Not because it was not waited for any longer.
  expect(performance.now() - refusedAt).toBeLessThan(LIMITS.helloTimeoutMs);
}, 60_000);

test('who watches hears of a session whose retention ends in the moment of an upgrade', async () => {
  await using home = new TestHome();
  const before = await startDaemon({ home });
  const session = await before.openCommand(['/bin/true']);
  await (await before.client()).request('wait', { session: session.id }, { timeoutMs: null });
  await before.stop();
  // So that its day is over soon, and long before the daemon looks again.
  const DAY_MS = 24 * 60 * 60 * 1_000;
  const exitedAt = endEarlier(home.paths.stateDir, session.id, DAY_MS - 6_000);
  const overAt = Date.parse(exitedAt) + DAY_MS;
  await using daemon = await startDaemon({ home });
  using watching = await RawClient.connect(home.paths.socketPath);
  await watching.hello();
  expect(await watching.request({ id: 1, type: 'watch' })).toMatchObject({
    ok: { sessions: [{ id: session.id, exitedAt }] },
  });
  await passTime(overAt + 1 - Date.now());
  await upgrade(daemon);
  await watching.message(
    ({ event, id }) => event === 'forgotten' && id === session.id,
    'that it is forgotten',
  );
  expect(fs.readFileSync(path.join(home.paths.stateDir, 'daemon.log'), 'utf8')).not.toContain('daemon.fault');
}, 60_000);

test('a stream that one of its two channels has left is handed over, however many streams follow it', async () => {
  await using daemon = await startDaemon();
  const echo = await daemon.open('raw-echo.py', [2]);
  const output = await daemon.record(echo);
  await output.waitFor('ready');
  const { socketPath } = daemon.home.paths;
  using first = await RawClient.connect(socketPath);
  await first.hello();
  const open = (client: RawClient, channel: number, stream: string) =>
    client.request({ id: channel, type: 'openInput', session: echo.id, channel, stream });
  for (const channel of [1, 2]) expect(await open(first, channel, 'shared-stream')).toHaveProperty('ok');
  await first.request({ id: 3, type: 'closeInput', channel: 2 });
  const type = (offset: number, bytes: string) =>
    first.send(encodeData({ type: FRAME.INPUT, channel: 1, offset, bytes: Buffer.from(bytes) }));
  type(0, 'a');
  await output.waitFor('readya');
  using other = await RawClient.connect(socketPath);
  await other.hello();
  for (let channel = 1; channel < LIMITS.inputStreamsPerSession; channel += 1)
    expect(await open(other, channel, `other-stream-${channel}`)).toHaveProperty('ok');
  expect(await open(other, LIMITS.inputStreamsPerSession, 'one-too-many')).toMatchObject({
    error: { code: 'E_LIMIT' },
  });
  await upgrade(daemon);
  type(1, 'b');
  await output.waitFor('readyab');
}, 60_000);

test('a program ends, with its status, although nobody waits for it once it was adopted', async () => {
  await using home = new TestHome();
  const script = 'read none; exit 7';
  const run = [home.installation.bin, 'run', '-d', '--name', 'ends', '--', '/bin/sh', '-c', script];
  const [file = '', ...args] = program('waits-for-nobody.py', ...run);
  const inheritor = spawn(file, args, { env: home.env, stdio: ['pipe', 'ignore', 'inherit'] });
  try {
    await eventually('it runs', async () => (await home.cli(['ls'])).stdout.includes('running'));
    expect((await home.cli(['upgrade'])).code).toBe(0);
    const ends = home.cli(['wait', 'ends']);
    await home.cli(['send', 'ends', 'x', '--enter']);
    expect((await ends).code).toBe(7);
    expect((await home.cli(['stop', '--yes'])).code).toBe(0);
  } finally {
    inheritor.stdin.end();
  }
}, 60_000);

test('a daemon serves and hands over although the disk with its log stands still', async () => {
  await using home = new TestHome();
  const { stateDir, runtimeDir } = home.paths;
  // To open a pipe that nobody reads takes for ever, as a write does on a disk that does not answer.
  const files = [path.join(stateDir, 'daemon.log'), path.join(runtimeDir, 'generation')];
  for (const file of files) {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    execFileSync('mkfifo', ['-m', '600', file]);
  }
  await using daemon = await startDaemon({ home });
  const cat = await daemon.openCommand(['/bin/cat']);
  const client = await daemon.client();
  const { to } = await upgrade(daemon, client);
  expect((await client.request('status', {})).daemon.pid).toBe(to.pid);
  expect((await daemon.get(cat)).exit).toBeNull();
  const log = await fs.promises.open(files[0] ?? '', 'r');
  await eventually('it is written when that can be', async () => {
    const { buffer, bytesRead } = await log.read();
    return buffer.toString('utf8', 0, bytesRead).includes('upgrade.done');
  });
  await log.close();
}, 60_000);
