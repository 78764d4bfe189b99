import { close, read, socketPair, WOULD_BLOCK } from '@holdfast/posix';
import { encodeAck, FRAME, FrameReader } from '@holdfast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch, Outbox, type OutputSource } from '../src/connection/outbox.ts';
import { History } from '../src/history/history.ts';
import { numbered, record } from './kit/histories.ts';

const CAPACITY = 256 * 1024;
const FRAME_BYTES = 64 * 1024;

interface Received {
  channel: number;
  offset: number;
  bytes: Buffer;
}

/** Sessions whose histories go out on one socket, in turn; what comes out at the other end is parsed. */
class Scene implements OutputSource {
  readonly outbox: Outbox;
  readonly histories: History[];
  readonly cursors: number[];
  readonly received: Received[] = [];
  readonly controls: unknown[] = [];
  readonly #sockets: number[] = socketPair('stream');
  readonly #buffer = Buffer.from(new ArrayBuffer(1024 * 1024));
  readonly #reader: FrameReader;
  #turn = 0;

  constructor(sessions: number, batch = new Batch()) {
    this.outbox = new Outbox(this.#sockets[0] ?? -1, batch);
    this.histories = Array.from({ length: sessions }, () => History.withoutFiles(CAPACITY));
    this.cursors = this.histories.map(() => 0);
    this.#reader = new FrameReader(
      {
        control: (json) => this.controls.push(JSON.parse(json)),
        data: (_type, channel, offset, bytes) =>
          this.received.push({ channel, offset, bytes: Buffer.from(Buffer.from(bytes)) }),
        ack: (type, channel, offset) => this.controls.push({ type, channel, offset }),
      },
      { accepts: [FRAME.CONTROL, FRAME.OUTPUT, FRAME.INPUT_ACK], maxControlBytes: 8 * 1024 * 1024 },
    );
  }

  /** Different bytes for each session at each offset. */
  record(session: number, byteCount: number): void {
    const history = this.histories[session] as History;
    record(history, numbered(session * 1_000_003 + history.end, byteCount));
  }

  addNext(batch: Batch): boolean {
    for (let tried = 0; tried < this.histories.length; tried += 1) {
      const session = this.#turn % this.histories.length;
      this.#turn += 1;
      const history = this.histories[session] as History;
      const offset = Math.max(this.cursors[session] ?? 0, history.start);
      const length = Math.min(FRAME_BYTES, history.end - offset);
      if (length === 0) continue;
      this.cursors[session] = offset + length;
      batch.addData({ channel: session, offset, address: history.addressOf(offset), length });
      return true;
    }
    return false;
  }

  /** Reads so much at most; false if nothing was there. */
  read(byteCount: number): boolean {
    let left = byteCount;
    while (left > 0) {
      const count = read(this.#sockets[1] ?? -1, this.#buffer, 0, Math.min(left, this.#buffer.length));
      if (count === WOULD_BLOCK) break;
      this.#reader.push(this.#buffer.subarray(0, count));
      left -= count;
    }
    return left < byteCount;
  }

  finish(): void {
    let isDone = false;
    while (!isDone) {
      isDone = this.outbox.flush(this);
      this.read(Number.MAX_SAFE_INTEGER);
    }
    expect(this.outbox.isEmpty).toBe(true);
  }

  closeReader(): void {
    close(this.#sockets.pop() ?? -1);
  }

  [Symbol.dispose](): void {
    for (const history of this.histories) history.close();
    for (const fd of this.#sockets) close(fd);
  }
}

const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('record' as const),
      session: fc.nat({ max: 2 }),
      byteCount: fc.nat({ max: 2 * CAPACITY }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('flush' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('read' as const), byteCount: fc.nat({ max: 300_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('control' as const), length: fc.nat({ max: 300_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ack' as const) }) },
);

test('frames arrive whole and with their bytes, also when the ring was overwritten behind a write that was taken in part', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      using scene = new Scene(3);
      const controls: unknown[] = [];
      for (const act of acts) {
        if (act.type === 'record') scene.record(act.session, act.byteCount);
        else if (act.type === 'flush') scene.outbox.flush(scene);
        else if (act.type === 'read') scene.read(act.byteCount);
        else if (act.type === 'control') {
          const message = { id: controls.length, ok: { text: 'x'.repeat(act.length) } };
          controls.push(message);
          scene.outbox.control(message);
        } else {
          const ack = { type: FRAME.INPUT_ACK, channel: 5, offset: controls.length };
          controls.push(ack);
          scene.outbox.frame(encodeAck(ack));
        }
      }
      scene.finish();
      expect(scene.controls).toEqual(controls);
      const next = scene.histories.map(() => 0);
      for (const { channel, offset, bytes } of scene.received) {
        // In order; what was left out had left the history.
        expect(offset).toBeGreaterThanOrEqual(next[channel] ?? 0);
        expect(bytes.equals(numbered(channel * 1_000_003 + offset, bytes.length))).toBe(true);
        next[channel] = offset + bytes.length;
      }
      expect(next).toEqual(scene.histories.map(({ end }) => end));
    }),
    { numRuns: 40 },
  );
});

test('two connections share a batch, and neither gets what is the other’s', () => {
  const batch = new Batch();
  using one = new Scene(1, batch);
  using other = new Scene(1, batch);
  for (let round = 0; round < 20; round += 1) {
    one.record(0, 100_000);
    other.record(0, 3_000);
    one.outbox.flush(one);
    other.outbox.flush(other);
    other.read(1_000);
  }
  for (const scene of [one, other]) {
    scene.finish();
    for (const { offset, bytes } of scene.received)
      expect(bytes.equals(numbered(offset, bytes.length))).toBe(true);
  }
});

test('what one that never reads costs is bounded: the rest of one batch', () => {
  using scene = new Scene(3);
  let taken = 0;
  for (let round = 0; round < 200; round += 1) {
    for (const session of [0, 1, 2]) scene.record(session, 50_000);
    const isAllTaken = scene.outbox.flush(scene);
    const now = scene.cursors.reduce((sum, cursor) => sum + cursor, 0);
    // After the first rounds nothing more is taken out of the histories.
    if (round > 10) expect([isAllTaken, now]).toEqual([false, taken]);
    taken = now;
  }
  expect(scene.outbox.isEmpty).toBe(false);
});

test('control frames come before output that waits, and are counted until they are in a batch', () => {
  using scene = new Scene(1);
  scene.record(0, CAPACITY);
  while (scene.outbox.flush(scene)) scene.record(0, CAPACITY);
  for (let id = 0; id < 500; id += 1) scene.outbox.control({ id, ok: {} });
  expect(scene.outbox.queuedControlBytes).toBeGreaterThan(500 * 10);
  const before = scene.cursors[0];
  scene.finish();
  expect(scene.outbox.queuedControlBytes).toBe(0);
  expect(scene.controls).toHaveLength(500);
  expect(scene.controls.at(-1)).toEqual({ id: 499, ok: {} });
  expect(scene.cursors[0]).toBeGreaterThanOrEqual(before ?? 0);
});

test('one turn writes no more than its share, however fast the client reads', () => {
  using scene = new Scene(1);
  scene.record(0, 1);
  scene.outbox.flush(scene);
  let frames = 0;
  // Small frames that the socket takes all of.
  const endless: OutputSource = {
    addNext: (batch) => {
      frames += 1;
      batch.addControl(encodeAck({ type: FRAME.INPUT_ACK, channel: 1, offset: frames }));
      scene.read(1_000);
      return true;
    },
  };
  expect(scene.outbox.flush(endless)).toBe(false);
  expect(scene.outbox.isEmpty).toBe(true);
  expect(frames).toBeLessThanOrEqual(8 * 64);
});

test('a client that has gone is an error, not a wait', () => {
  using scene = new Scene(1);
  scene.closeReader();
  scene.record(0, 1_000);
  expect(() => scene.outbox.flush(scene)).toThrow(expect.objectContaining({ code: 'EPIPE' }));
});
