import fs from 'node:fs';
import path from 'node:path';
import {
  commandLine,
  eventually,
  firstDifference,
  isAlive,
  processState,
  program,
  RawClient,
  startDaemon,
  type TestDaemon,
  TestHome,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

/** A daemon whose upgrades a test can stop where it likes. */
async function startWithPoints(): Promise<{
  home: TestHome;
  daemon: TestDaemon;
  at: (points: object) => void;
}> {
  const home = new TestHome();
  const file = path.join(home.scratch('points'), 'points.json');
  const daemon = await startDaemon({ home, env: { HOLDFAST_TEST_POINTS: file } });
  return { home, daemon, at: (points) => fs.writeFileSync(file, JSON.stringify(points)) };
}

function target(daemon: TestDaemon) {
  return { node: process.execPath, execArgv: [], entry: daemon.home.installation.daemonEntry };
}

/** Resolves with the pid of a successor that has stopped itself. */
function stoppedSuccessor(daemon: TestDaemon): Promise<number> {
  return eventually('a stopped successor', () =>
    daemon.home.processes.find((pid) => commandLine(pid).includes(' adopt ') && processState(pid) === 'T'),
  );
}

test('a predecessor that is killed once it has committed leaves everything to its successor', async () => {
  const { home, daemon, at } = await startWithPoints();
  await using _ = home;
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path]);
  const output = await daemon.record(flood);
  await gate.open();
  const client = await daemon.client();
  at({ 'predecessor.committed': 'kill', 'successor.committed': 'stop' });
  const upgraded = client.request('upgrade', target(daemon), { timeoutMs: 20_000 });
  const successor = await stoppedSuccessor(daemon);
  await daemon.ended;
  process.kill(successor, 'SIGCONT');
  expect((await upgraded).to.pid).toBe(successor);
  await output.output.untilLength(output.bytes.length + 1024 * 1024);
  expect(firstDifference(output.bytes, 0)).toBe(-1);
}, 60_000);

test('who asks for another upgrade while one is being done is not answered for it', async () => {
  const { home, daemon, at } = await startWithPoints();
  await using _ = home;
  const client = await daemon.client();
  at({ 'successor.committed': 'stop' });
  const first = client.request('upgrade', target(daemon), { timeoutMs: 20_000 });
  const successor = await stoppedSuccessor(daemon);
  const expected = { version: '9.9.9', build: 'ffffffffffff' };
  const second = client.request('upgrade', { ...target(daemon), expect: expected }, { timeoutMs: 20_000 });
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
  await client.request('upgrade', target(daemon), { timeoutMs: 20_000 });
  await client.request('kill', { session: other.id }, { timeoutMs: null });
  await client.request('kill', { session: 'old' }, { timeoutMs: null });
  expect((await waiting).session.id).toBe(session.id);
}, 60_000);

test('what is left of a session that is being killed is killed by the successor, too', async () => {
  const { home, daemon, at } = await startWithPoints();
  await using _ = home;
  const client = await daemon.client();
  // The shell ends at the hang-up; the family ignores it, and two of it have left the session.
  const family = program('fork-tree.py').join(' ');
  const session = await daemon.openCommand(['/bin/sh', '-c', `${family} & wait`]);
  const output = await daemon.record(session);
  const [, list = ''] = await output.waitFor(/pids ([\d ]+) end/);
  at({ 'successor.loaded': 'stop' });
  const upgraded = client.request('upgrade', target(daemon), { timeoutMs: 20_000 });
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
  await client.request('upgrade', target(daemon), { timeoutMs: 20_000 });
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
  await client.request('upgrade', target(daemon), { timeoutMs: 20_000 });
  await eventually('it is saved', () => fs.readFileSync(state(one.id), 'utf8').includes('"unsaved"'));
  await eventually('and says so', async () => (await daemon.get(one)).warnings.length === 0);
  expect(fs.statSync(state(other.id), { bigint: true }).ino).toBe(before.ino);
}, 60_000);
