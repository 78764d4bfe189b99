import { LIMITS } from '@holdfast/protocol';
import {
  eventually,
  firstDifference,
  LINE_BYTES,
  passTime,
  privateBytes,
  RawClient,
  Recording,
  startDaemon,
  stopProcess,
  type TestDaemon,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

const MEBIBYTE = 1024 * 1024;
const STOPPED_MS = 10_000;
/** For a busy machine to get on; shorter than any other wait that could be mistaken for the one that is meant. */
const BUSY_MS = 3_500;

test('a viewer that is stopped for 10 s holds back nobody, costs no memory, and is resynced after it', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  const other = await daemon.open('raw-echo.py', [1_000_000]);
  const echo = await daemon.record(other);
  await echo.waitFor('ready');
  const keys = await (await daemon.client()).openInput(other.id);

  const terminal = daemon.home.terminal(['attach', flood.id]);
  await terminal.screen.untilLength(100_000);
  await stopProcess(terminal.pid);
  const otherViewer = await Recording.begin(await daemon.connect(), flood.id, {
    mode: 'viewer',
    from: 'now',
  });
  const memoryBefore = privateBytes(daemon.pid);
  const stoppedAt = performance.now();
  const offsets = [(await daemon.get(flood)).offset];
  const memory: number[] = [];
  const echoTimes: number[] = [];
  for (let second = 1; second <= STOPPED_MS / 1_000; second += 1) {
    const started = performance.now();
    const wanted = echo.output.length + 1;
    await Promise.all([keys.write(Buffer.from('k')), echo.output.untilLength(wanted)]);
    echoTimes.push(performance.now() - started);
    memory.push(privateBytes(daemon.pid));
    otherViewer.output.clear();
    await passTime(stoppedAt + second * 1_000 - performance.now());
    offsets.push((await daemon.get(flood)).offset);
    expect(otherViewer.output.length).toBeGreaterThan(0);
  }
  const perSecond = offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0));
  // Full speed but for the half second that a leader may take.
  expect(Math.min(...perSecond.slice(1))).toBeGreaterThan(MEBIBYTE);
  // Who had to wait for the stopped one would wait as long as a leader may take.
  const [medianMs = Number.NaN] = echoTimes.toSorted((a, b) => a - b).slice(echoTimes.length / 2);
  expect(medianMs).toBeLessThan(LIMITS.leaderPatienceMs / 2);
  // Node's heap grows with what it does at all, and so does that of the worker which follows the flood; what the viewer missed is
  // more than that in any case.
  expect((offsets.at(-1) ?? 0) - (offsets[0] ?? 0)).toBeGreaterThan(64 * MEBIBYTE);
  expect(Math.max(...memory) - memoryBefore).toBeLessThan(64 * MEBIBYTE);

  terminal.screen.clear();
  process.kill(terminal.pid, 'SIGCONT');
  // What it shows begins anew, with what the session shows by then.
  await terminal.screen.takeThrough('\x1b[H\x1b[J');
  await terminal.screen.untilLength(100_000);
  terminal.type('\x1dd');
  expect(await terminal.ended()).toEqual({ code: 0 });
}, 60_000);

test('a leader that takes nothing holds its program for half a second, and no longer', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  using leader = await RawClient.connect(daemon.home.paths.socketPath);
  await leader.hello();
  leader.stopReading();
  leader.control({ id: 1, type: 'subscribe', session: flood.id, channel: 1, mode: 'viewer', from: 'now' });
  const heldAt = await heldOffset(daemon, flood.id, 'leader');
  const started = performance.now();
  await eventually('the program goes on', async () => (await daemon.get(flood)).offset > heldAt + MEBIBYTE);
  expect(performance.now() - started).toBeLessThan(LIMITS.leaderPatienceMs + BUSY_MS);
});

test('a viewer that does not lead never slows the program', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  const leader = await Recording.begin(await daemon.connect(), flood.id, { mode: 'viewer', from: 'now' });
  expect(leader.subscription.leading).toBe(true);
  using slow = await RawClient.connect(daemon.home.paths.socketPath);
  await slow.hello();
  slow.stopReading();
  slow.control({ id: 1, type: 'subscribe', session: flood.id, channel: 1, mode: 'viewer', from: 'now' });
  await eventually('two viewers', async () => (await daemon.get(flood)).clients === 2);
  const client = await daemon.client();
  for (let look = 0; look < 50; look += 1) {
    leader.output.clear();
    const { holders } = await client.request('status', {});
    // The leader in this busy process may well be the one who holds it at times; the slow one never is.
    expect(holders.filter(({ by }) => by === 'lease')).toEqual([]);
    await leader.output.untilLength(64 * 1024, 2_000);
  }
});

test('a read-only viewer never leads, so it holds back nobody', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  using slow = await RawClient.connect(daemon.home.paths.socketPath);
  await slow.hello();
  const subscribe = { session: flood.id, channel: 1, mode: 'viewer', from: 'now', readOnly: true };
  const answer = await slow.request({ id: 1, type: 'subscribe', ...subscribe });
  expect(answer['ok']).toMatchObject({ leading: false });
  slow.stopReading();
  const client = await daemon.client();
  for (let look = 0; look < 100; look += 1) {
    expect((await client.request('status', {})).holders).toEqual([]);
    await passTime(5);
  }
});

test('an exact subscriber that takes nothing holds its program for its lease, then hears of the gap', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path], { historyBytes: 128 * 1024 });
  const leaseMs = 1_000;
  const stuck = await Recording.begin(await daemon.connect(), flood.id, { leaseMs, acknowledges: false });
  await gate.open();
  const heldAt = await heldOffset(daemon, flood.id, 'lease');
  expect(heldAt).toBeLessThanOrEqual(128 * 1024);
  const started = performance.now();
  await eventually('the program goes on', async () => (await daemon.get(flood)).offset > heldAt + MEBIBYTE);
  expect(performance.now() - started).toBeLessThan(leaseMs + BUSY_MS);
  await stuck.subscription.close();
  for (const { offset, at, length } of stuck.pieces) {
    expect(firstDifference(stuck.bytes.subarray(at, at + length), offset)).toBe(-1);
  }
});

test('a program that ends while a lease holds it back has ended at once, and its subscriber misses nothing', async () => {
  await using daemon = await startDaemon();
  const gate = daemon.home.gate();
  const flood = await daemon.open('flood.py', [gate.path], { historyBytes: LIMITS.historyBytesMin });
  // A daemon that stands between two reads of its client is what a lease is for.
  const subscriber = await Recording.begin(await daemon.connect(), flood.id, {
    leaseMs: LIMITS.leaseMsMax,
    acknowledges: false,
  });
  await gate.open();
  const heldAt = await heldOffset(daemon, flood.id, 'lease');
  process.kill(flood.pid, 'SIGKILL');
  const { exit, offset } = await subscriber.exited(15_000);
  expect(exit).toEqual({ signal: 'SIGKILL' });
  expect(offset).toBeGreaterThan(heldAt);
  expect(subscriber.gaps).toEqual([]);
  // Whoever comes back to the lease finds everything from there on.
  const again = await daemon.record(flood);
  expect((await again.exited()).offset).toBe(offset);
  expect(again.bytes).toHaveLength(offset);
  expect(firstDifference(again.bytes, 0)).toBe(-1);
});

test('a daemon that is told to stop waits for no lease', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  const client = await daemon.connect();
  await Recording.begin(client, flood.id, { leaseMs: LIMITS.leaseMsMax, acknowledges: false });
  await heldOffset(daemon, flood.id, 'lease');
  const started = performance.now();
  await daemon.stop();
  expect(performance.now() - started).toBeLessThan(15_000);
});

test('status names who holds a program back', async () => {
  await using daemon = await startDaemon();
  const flood = await daemon.open('flood.py');
  const tail = daemon.home.startCli(['tail', flood.id, '--follow', '--lease', '30']);
  await tail.stdout.untilLength(1);
  await stopProcess(tail.pid);
  await heldOffset(daemon, flood.id, 'lease');
  const { holders } = await (await daemon.client()).request('status', {});
  expect(holders).toMatchObject([{ session: flood.id, by: 'lease', clientPid: tail.pid }]);
  tail.kill('SIGKILL');
  await eventually('an absent holder', async () => {
    const status = await (await daemon.client()).request('status', {});
    return status.holders[0]?.clientPid === null;
  });
}, 30_000);

test('a program without viewers and leases runs at full speed', async () => {
  await using daemon = await startDaemon();
  const lines = (16 * MEBIBYTE) / LINE_BYTES;
  const session = await daemon.open('flood.py', [lines]);
  const client = await daemon.client();
  const ended = await client.request('wait', { session: session.id }, { timeoutMs: 20_000 });
  expect(ended.session).toMatchObject({
    exit: { code: 0 },
    offset: 16 * MEBIBYTE,
    historyStart: 15 * MEBIBYTE,
  });
  const newest = await daemon.record(session);
  await newest.exited();
  expect(newest.bytes).toHaveLength(MEBIBYTE);
  expect(firstDifference(newest.bytes, 15 * MEBIBYTE)).toBe(-1);
}, 30_000);

/** Where the session stands when somebody holds it back. */
async function heldOffset(daemon: TestDaemon, session: string, by: 'leader' | 'lease'): Promise<number> {
  const client = await daemon.client();
  return eventually(`a program held back by a ${by}`, async () => {
    const { holders } = await client.request('status', {});
    if (!holders.some((holder) => holder.session === session && holder.by === by)) return undefined;
    return (await daemon.get(session)).offset;
  });
}
