import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import path from 'node:path';
import type { HoldfastError } from '@holdfast/protocol';
import {
  eventually,
  firstDifference,
  isAlive,
  passTime,
  processState,
  RawClient,
  settledFdCount,
  sha256,
  startDaemon,
  stopProcess,
  type TestDaemon,
  untilEnded,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { startScreens } from './support/start-screens.ts';
import { fake, FAKES, nameOf } from './support/trials.ts';
import {
  recordFlood,
  sameBuild,
  startWithPoints,
  stoppedSuccessor,
  successors,
  upgrade,
} from './support/upgrades.ts';

const MEBIBYTE = 1024 * 1024;

// The predecessor dies

test.for(['predecessor.snapshot', 'predecessor.sent', 'predecessor.commit'])(
  'a predecessor killed at %s takes its successor with it (and, without a keeper, its sessions); the home is free then',
  { timeout: 60_000 },
  async (point) => {
    await using pointed = await startWithPoints();
    const { daemon, at } = pointed;
    const session = await daemon.openCommand(['/bin/cat']);
    const client = await daemon.client();
    at({ [point]: 'kill' });
    const asked = client.request('upgrade', sameBuild(daemon), { timeoutMs: 20_000 });
    await expect(asked).rejects.toMatchObject({ code: 'E_DISCONNECTED' });
    await daemon.ended;
    await eventually('the successor ends by itself', () => successors(daemon).length === 0);
    // A process that is just ending may have the listener for some moments longer.
    const code = () => daemon.connect().then(String, (error: HoldfastError) => error.code);
    await eventually('nobody listens', async () => (await code()) === 'E_NO_DAEMON');
    await untilEnded(session.pid);
    await using next = await startDaemon({ home: daemon.home });
    expect(await next.get(session)).toMatchObject({ state: 'exited', exit: { lost: true } });
  },
);

test.for(['successor.received', 'successor.adopted'])(
  'a successor at %s whose predecessor is killed serves nobody, and lets nobody else serve, until it has ended',
  { timeout: 60_000 },
  async (point) => {
    await using pointed = await startWithPoints();
    const { daemon, at } = pointed;
    await daemon.openCommand(['/bin/cat']);
    at({ [point]: 'stop', 'predecessor.sent': 'stop' });
    const asked = upgrade(daemon);
    asked.catch(() => undefined);
    const successor = await stoppedSuccessor(daemon);
    await daemon.crash();
    using waiting = await RawClient.connect(daemon.home.paths.socketPath);
    waiting.control({ id: 1, type: 'status' });
    await expect(startDaemon({ home: daemon.home })).rejects.toThrow('E_BUSY');
    expect(waiting.messages).toEqual([]);
    process.kill(successor, 'SIGCONT');
    await untilEnded(successor);
    await waiting.closed;
    expect(waiting.messages).toEqual([]);
    await using next = await startDaemon({ home: daemon.home });
    expect((await (await next.client()).request('status', {})).daemon).toMatchObject({ generation: 1 });
  },
);

// The successor stands still

test.for([
  'successor.loaded',
  'successor.prepared',
  'successor.received',
  'successor.adopted',
  'successor.committed',
])(
  'a successor that stands still at %s and goes on in time takes over all the same',
  { timeout: 60_000 },
  async (point) => {
    await using pointed = await startWithPoints();
    const { daemon, at } = pointed;
    const { output } = await recordFlood(daemon);
    at({ [point]: 'stop' });
    const asked = upgrade(daemon);
    const successor = await stoppedSuccessor(daemon);
    process.kill(successor, 'SIGCONT');
    expect((await asked).to.pid).toBe(successor);
    await output.output.untilLength(output.bytes.length + MEBIBYTE);
    expect(firstDifference(output.bytes, 0)).toBe(-1);
  },
);

test.for(['successor.adopted', 'successor.committed'])(
  'one that stands still at %s for longer is killed; the predecessor serves on, and no key typed meanwhile is lost',
  { timeout: 60_000 },
  async (point) => {
    await using pointed = await startWithPoints();
    const { daemon, at } = pointed;
    const typed = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 13) & 255));
    const echo = await daemon.open('raw-echo.py', [typed.length]);
    const output = await daemon.record(echo);
    await output.waitFor('ready');
    const input = await (await daemon.connect()).openInput(echo.id);
    at({ [point]: 'stop' });
    const asked = upgrade(daemon);
    asked.catch(() => undefined);
    const successor = await stoppedSuccessor(daemon);
    const typing = input.write(typed);
    await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
    expect(isAlive(successor)).toBe(false);
    await typing;
    expect((await output.exited()).exit).toEqual({ code: 0 });
    expect(sha256(output.bytes.subarray('ready'.length))).toBe(sha256(typed));
    expect((await (await daemon.client()).request('status', {})).daemon.pid).toBe(daemon.pid);
  },
);

test('from the freeze on, a successor has a second for everything, being sent the sessions included', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const { output } = await recordFlood(daemon);
  at({ 'successor.prepared': 'stop', 'predecessor.snapshot': 'stop' });
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  const successor = await stoppedSuccessor(daemon);
  process.kill(successor, 'SIGCONT');
  await eventually('it is frozen', () => processState(daemon.pid) === 'T');
  await stopProcess(successor);
  await passTime(1_200);
  const began = performance.now();
  process.kill(daemon.pid, 'SIGCONT');
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  expect(performance.now() - began).toBeLessThan(1_000);
  await output.output.untilLength(output.bytes.length + MEBIBYTE);
  expect(firstDifference(output.bytes, 0)).toBe(-1);
}, 60_000);

test('a successor that serves a moment after it was given up is let live, and serves', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const { output } = await recordFlood(daemon);
  at({ 'successor.committed': 'stop', 'predecessor.late': 'stop' });
  const upgraded = upgrade(daemon);
  const successor = await stoppedSuccessor(daemon);
  await eventually('it is given up', () => processState(daemon.pid) === 'T');
  at({ 'successor.serving': 'stop' });
  process.kill(successor, 'SIGCONT');
  await eventually('it says that it serves', () => processState(successor) === 'T');
  process.kill(daemon.pid, 'SIGCONT');
  expect((await upgraded).to.pid).toBe(successor);
  await output.output.untilLength(output.bytes.length + MEBIBYTE);
  expect(firstDifference(output.bytes, 0)).toBe(-1);
}, 60_000);

// Given up

test('who stops the daemon while it is being upgraded gets it stopped', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const session = await daemon.openCommand(['/bin/cat']);
  at({ 'successor.loaded': 'stop' });
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  const successor = await stoppedSuccessor(daemon);
  expect((await daemon.cli(['stop', '--yes'])).code).toBe(0);
  await expect(asked).rejects.toMatchObject({ code: 'E_STOPPING' });
  await daemon.ended;
  await untilEnded(session.pid);
  expect(isAlive(successor)).toBe(false);
}, 60_000);

test('a daemon that is stopping is not upgraded any more', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('ignore-hangup.py');
  await (await daemon.record(session)).waitFor('ready');
  const client = await daemon.client();
  const stopping = client.request('stop', {}, { timeoutMs: null });
  await expect(upgrade(daemon, client)).rejects.toMatchObject({ code: 'E_STOPPING' });
  expect(await stopping).toEqual({ ended: 1 });
  expect(await daemon.ended).toMatchObject({ code: 0 });
}, 60_000);

test('an upgrade is given up when the last one who asked for it has gone', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const [one, other] = [await daemon.connect(), await daemon.connect()];
  at({ 'successor.loaded': 'stop' });
  for (const client of [one, other]) upgrade(daemon, client).catch(() => undefined);
  const successor = await stoppedSuccessor(daemon);
  const client = await daemon.client();
  const clients = async () => (await client.request('status', {})).clients;
  one.close();
  await eventually('one less', async () => (await clients()) === 2);
  expect(isAlive(successor)).toBe(true);
  other.close();
  await untilEnded(successor);
  expect((await client.request('status', {})).daemon.pid).toBe(daemon.pid);
  at({});
  expect((await upgrade(daemon)).from.pid).toBe(daemon.pid);
}, 60_000);

test('an upgrade whose deadline has passed is not begun; one whose deadline passes is given up', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  at({ 'successor.loaded': 'stop' });
  const past = String(process.hrtime.bigint() - 1n);
  const late = client.request('upgrade', { ...sameBuild(daemon), deadline: past });
  await expect(late).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  expect(successors(daemon)).toEqual([]);
  const soon = String(process.hrtime.bigint() + 2_000_000_000n);
  const asked = client.request('upgrade', { ...sameBuild(daemon), deadline: soon });
  asked.catch(() => undefined);
  const successor = await stoppedSuccessor(daemon);
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  expect(isAlive(successor)).toBe(false);
}, 60_000);

test('who joins an upgrade is told at its own deadline; the other gets the upgrade', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const [one, other] = [await daemon.connect(), await daemon.connect()];
  at({ 'successor.prepared': 'stop' });
  const asked = upgrade(daemon, one);
  const successor = await stoppedSuccessor(daemon);
  const deadline = String(process.hrtime.bigint() + 1_500_000_000n);
  const joined = other.request('upgrade', { ...sameBuild(daemon), deadline }, { timeoutMs: 30_000 });
  await expect(joined).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  process.kill(successor, 'SIGCONT');
  expect((await asked).to.pid).toBe(successor);
  expect((await other.request('status', {})).daemon.pid).toBe(successor);
}, 60_000);

test('who leaves while the last requests come to their end gets no upgrade', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  const session = await daemon.openCommand(['/bin/cat']);
  at({ 'successor.prepared': 'stop' });
  using asking = await RawClient.connect(daemon.home.paths.socketPath);
  await asking.hello();
  asking.control({ id: 1, type: 'upgrade', ...sameBuild(daemon) });
  const successor = await stoppedSuccessor(daemon);
  // Its new state goes into a pipe that nobody reads: the daemon waits for that, and reads no clients meanwhile.
  const folder = path.join(daemon.home.paths.stateDir, 'sessions', session.id);
  const pipe = path.join(folder, `state.json.${daemon.pid}.new`);
  execFileSync('mkfifo', [pipe]);
  const renamed = client.request('rename', { session: session.id, name: 'renamed' });
  await client.request('status', {});
  process.kill(successor, 'SIGCONT');
  await eventually('clients are not read', async () => {
    const late = await RawClient.connect(daemon.home.paths.socketPath);
    void late.hello().catch(() => undefined);
    await passTime(100);
    using _late = late;
    return late.messages.length === 0;
  });
  asking[Symbol.dispose]();
  createReadStream(pipe).resume();
  await renamed;
  const failure = await eventually('it is given up', () => /upgrade\.failed.*/.exec(readLog(daemon))?.[0]);
  expect(failure).toContain('E_DISCONNECTED');
  expect((await client.request('status', {})).daemon.pid).toBe(daemon.pid);
  expect(isAlive(successor)).toBe(false);
}, 60_000);

function readLog({ home }: TestDaemon): string {
  return readFileSync(path.join(home.paths.stateDir, 'daemon.log'), 'utf8');
}

// Programs that are no daemon

test('whatever is started instead of a daemon, the daemon says what was wrong with it and serves on', async () => {
  await using daemon = await startDaemon();
  const { output, flood } = await recordFlood(daemon);
  const client = await daemon.client();
  await startScreens(client, flood.id);
  const fds = await settledFdCount(daemon.pid);
  for (const trial of FAKES) {
    const asked = client.request('upgrade', { ...sameBuild(daemon), ...trial.target }, { timeoutMs: 30_000 });
    const failure = await asked.then(
      () => `${nameOf(trial)}: upgraded`,
      (error: HoldfastError) => `${nameOf(trial)}: ${error.code}: ${error.message}`,
    );
    expect(failure).toContain(`${nameOf(trial)}: ${trial.code}: `);
    expect(failure).toContain(trial.reason);
    await output.output.untilLength(output.bytes.length + 100_000);
  }
  const deadline = String(process.hrtime.bigint() + 500_000_000n);
  const hung = client.request('upgrade', { ...fake('hangs'), deadline });
  await expect(hung).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  await startScreens(client, flood.id);
  expect(await settledFdCount(daemon.pid)).toBe(fds);
  expect(fakes(daemon)).toEqual([]);
  expect((await upgrade(daemon)).from.pid).toBe(daemon.pid);
  await output.output.untilLength(output.bytes.length + MEBIBYTE);
  expect(firstDifference(output.bytes, 0)).toBe(-1);
}, 90_000);

function fakes(daemon: TestDaemon): number[] {
  return successors(daemon).filter((pid) => pid !== daemon.pid);
}
