import { randomBytes } from 'node:crypto';
import type { Input } from '@holdfast/client';
import { encodeData, FRAME, LIMITS } from '@holdfast/protocol';
import {
  cpuMs,
  passTime,
  RawClient,
  Recording,
  sha256,
  startDaemon,
  type TestDaemon,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

const MEBIBYTE = 1024 * 1024;
const READY = 'ready'.length;
const ROUNDS = 5;
const KEYS_A_ROUND = 60;

test('1 MiB of random bytes through a raw program and back is the same in both directions', async () => {
  await using daemon = await startDaemon();
  await openSilentEight(daemon);
  const bytes = randomBytes(MEBIBYTE);
  const { session, recording } = await openEcho(daemon, bytes.length);
  const input = await (await daemon.client()).openInput(session.id);
  await input.write(bytes);
  const { exit, offset } = await recording.exited(60_000);
  expect({ exit, offset }).toEqual({ exit: { code: 0 }, offset: READY + MEBIBYTE });
  expect(sha256(recording.bytes.subarray(READY))).toBe(sha256(bytes));
}, 120_000);

test('input that a program does not read is kept in order, to the byte, until it does', async () => {
  await using daemon = await startDaemon();
  // Stopped, it reads nothing; a window's worth of input queues up in the daemon.
  const bytes = randomBytes(LIMITS.inputWindowBytes);
  const { session, recording } = await openEcho(daemon, bytes.length);
  process.kill(session.pid, 'SIGSTOP');
  const input = await (await daemon.client()).openInput(session.id);
  let isDone = false;
  const written = input.write(bytes).then(() => {
    isDone = true;
  });
  await passTime(300);
  expect(isDone).toBe(false);
  process.kill(session.pid, 'SIGCONT');
  await written;
  await recording.exited();
  expect(sha256(recording.bytes.subarray(READY))).toBe(sha256(bytes));
});

test('a stream that made room for others, or is of before a restore, is not begun anew for who has sent on it', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/sh', '-c', 'stty raw -echo; printf ready; cat']);
  const recording = await daemon.record(session);
  await recording.waitFor('ready');
  const open = { type: 'openInput', session: session.id, channel: 1, stream: 'was-away' };
  const sent = encodeData({ type: FRAME.INPUT, channel: 1, offset: 0, bytes: Buffer.from('once') });
  using before = await RawClient.connect(daemon.home.paths.socketPath);
  await before.hello();
  await before.request({ ...open, id: 1 });
  before.send(sent);
  await recording.waitFor('once');
  before.socket.destroy();
  using back = await RawClient.connect(daemon.home.paths.socketPath);
  await back.hello();
  expect(await back.request({ ...open, id: 1, again: true })).toMatchObject({ ok: { received: 4, done: 4 } });
  await back.request({ id: 2, type: 'closeInput', channel: 1 });
  const client = await daemon.client();
  for (let count = 0; count < LIMITS.inputStreamsPerSession; count += 1)
    await (await client.openInput(session.id)).close();
  const unknown = { error: { code: 'E_INPUT_UNKNOWN' } };
  expect(await back.request({ ...open, id: 3, again: true })).toMatchObject(unknown);
  expect(await back.request({ ...open, id: 4, again: false })).toMatchObject({ ok: { received: 0 } });
  await back.request({ id: 5, type: 'kill', session: session.id });
  await back.request({ id: 6, type: 'restore', session: session.id, env: {} });
  expect(await back.request({ ...open, id: 7, again: true })).toMatchObject(unknown);
});

test('no end of file is typed for a channel that is closed before its input was typed', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/cat']);
  process.kill(session.pid, 'SIGSTOP');
  using client = await RawClient.connect(daemon.home.paths.socketPath);
  await client.hello();
  await client.request({ id: 1, type: 'openInput', session: session.id, channel: 1, stream: 'never-typed' });
  const bytes = Buffer.alloc(LIMITS.dataFrameBytes, 'line\n');
  client.send(encodeData({ type: FRAME.INPUT, channel: 1, offset: 0, bytes }));
  client.control({ id: 2, type: 'endInput', channel: 1, midLine: true });
  await client.request({ id: 3, type: 'closeInput', channel: 1 });
  expect(await client.message(({ id }) => id === 2)).toEqual({ id: 2, ok: { typed: false } });
});

test('eight programs that read nothing cost less than 5 % of a processor together', async () => {
  await using daemon = await startDaemon();
  await openSilentEight(daemon);
  const shares: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const before = cpuMs(daemon.pid);
    await passTime(1_000);
    shares.push((cpuMs(daemon.pid) - before) / 1_000);
  }
  expect(Math.min(...shares)).toBeLessThan(0.05);
});

test('eight programs that read nothing delay the echo of another session by less than 5 ms', async () => {
  await using alone = await startDaemon();
  await using beside = await startDaemon();
  await openSilentEight(beside);
  const daemons = [await Echo.of(alone), await Echo.of(beside)] as const;
  const medians: [number[], number[]] = [[], []];
  // By turns, so that what the machine does besides is the same for both.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const which of [0, 1] as const) medians[which].push(await daemons[which].medianMs());
  }
  const [least, leastBeside] = medians.map((some) => Math.min(...some)) as [number, number];
  // As far as rounds with nobody beside differ, nothing can be said.
  const noise = Math.max(...medians[0]) - least;
  expect(leastBeside - least).toBeLessThan(5 + noise);
}, 60_000);

test('writes beyond the window wait in the library and arrive in their order', async () => {
  await using daemon = await startDaemon();
  const { session, recording } = await openEcho(daemon, 3 * LIMITS.inputWindowBytes);
  const client = await daemon.client();
  const input = await client.openInput(session.id);
  const pieces = Array.from({ length: 3 }, () => randomBytes(LIMITS.inputWindowBytes));
  await Promise.all(pieces.map((piece) => input.write(piece)));
  await recording.exited(60_000);
  expect(sha256(recording.bytes.subarray(READY))).toBe(sha256(...pieces));
});

async function openEcho(daemon: TestDaemon, byteCount: number) {
  const session = await daemon.open('raw-echo.py', [byteCount]);
  const recording = await daemon.record(session);
  await recording.waitFor('ready');
  return { session, recording };
}

/** Eight programs that read nothing, each with a window of input queued for it. */
async function openSilentEight(daemon: TestDaemon): Promise<void> {
  const client = await daemon.connect();
  for (let count = 0; count < 8; count += 1) {
    const session = await daemon.open('read-nothing.py');
    const recording = await Recording.begin(client, session.id);
    await recording.waitFor('ready');
    const input = await client.openInput(session.id);
    input.write(Buffer.alloc(LIMITS.inputWindowBytes, 'q')).catch(() => undefined); // never done: it is not read
  }
}

/** A session that echoes keys, and how long that takes. */
class Echo {
  readonly #input: Input;
  readonly #recording: Recording;

  static async of(daemon: TestDaemon): Promise<Echo> {
    const { session, recording } = await openEcho(daemon, ROUNDS * KEYS_A_ROUND);
    return new Echo(await (await daemon.client()).openInput(session.id), recording);
  }

  private constructor(input: Input, recording: Recording) {
    this.#input = input;
    this.#recording = recording;
  }

  async medianMs(): Promise<number> {
    const times: number[] = [];
    for (let key = 0; key < KEYS_A_ROUND; key += 1) {
      const wanted = this.#recording.output.length + 1;
      const started = performance.now();
      await Promise.all([this.#input.write(Buffer.from('x')), this.#recording.output.untilLength(wanted)]);
      times.push(performance.now() - started);
    }
    return times.toSorted((a, b) => a - b)[KEYS_A_ROUND / 2] ?? 0;
  }
}
