import fc from 'fast-check';
import fs from 'node:fs';
import { close, mapFile, openAnonymous } from '@holdfast/posix';
import { LIMITS } from '@holdfast/protocol';
import { eventually } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { IncomingLuggage, OutgoingLuggage } from '../src/handoff/luggage.ts';
import { LEDGER_BYTES, Ledger, streamKey } from '../src/history/ledger.ts';
import { type InputListener, InputQueue, type InputStream } from '../src/session/input-queue.ts';
import { numbered } from './kit/histories.ts';
import { TypedTerminal } from './kit/typed-terminal.ts';

class Listener implements InputListener {
  calls = 0;

  progressed(): void {
    this.calls += 1;
  }
}

/** A queue on a real terminal, and its ledger. */
class Scene {
  readonly terminal = new TypedTerminal();
  readonly #mapping = mapLedger();
  readonly ledger = new Ledger(this.#mapping, true);
  readonly queue = new InputQueue(this.ledger);

  open(name: string, listener: InputListener = new Listener()): InputStream {
    return this.queue.open(name, listener, 0);
  }

  /** As a connection does: with `writes`, the terminal is given the bytes before they are kept. */
  accept(stream: InputStream, offset: number, bytes: Uint8Array, { writes = false } = {}): void {
    this.queue.accept(stream, offset, bytes);
    if (writes) this.write();
    this.queue.keep();
  }

  write(): string {
    return this.queue.writeTo(this.terminal.master);
  }

  /** As the successor of this daemon has it. */
  handedOver(): InputQueue {
    using packed = new OutgoingLuggage(true);
    const input = this.queue.suspend(packed);
    const luggage = new IncomingLuggage(packed.fds, packed.memory);
    return new InputQueue(new Ledger(this.#mapping, false), { input, luggage });
  }

  /** As a daemon after this one sees it. */
  reopened(): InputQueue {
    return new InputQueue(new Ledger(this.#mapping, false));
  }

  /** Types what is left, as the program reads it. */
  async finish(byteCount: number): Promise<Buffer> {
    return eventually(`${byteCount} bytes typed`, () => {
      this.write();
      this.terminal.read();
      return this.terminal.typed.length >= byteCount && this.queue.isEmpty && this.terminal.typed;
    });
  }

  [Symbol.dispose](): void {
    this.terminal[Symbol.dispose]();
    this.#mapping.unmap();
  }
}

function mapLedger() {
  const fd = openAnonymous('ledger-test', LEDGER_BYTES);
  try {
    return mapFile(fd, LEDGER_BYTES);
  } finally {
    close(fd);
  }
}

const send = fc.record({
  type: fc.constant('send' as const),
  stream: fc.nat({ max: 1 }),
  back: fc.oneof(fc.constant(0), fc.nat({ max: 30_000 })),
  length: fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 40_000 })),
  writes: fc.boolean(),
});
const act = fc.oneof(
  { weight: 4, arbitrary: send },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('write' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), times: fc.nat({ max: 8 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('skip' as const), by: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('come back' as const), stream: fc.nat({ max: 1 }) }),
  },
);

test('whatever is sent again, each byte is typed once, in order, from two clients as they came', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
      using scene = new Scene();
      const names = ['stream-one', 'stream-two'];
      const streams = names.map((name) => scene.open(name));
      const expected: Buffer[] = [];
      for (const act of acts) {
        if (act.type === 'write') scene.write();
        else if (act.type === 'read') scene.terminal.read(act.times);
        else if (act.type === 'come back') {
          expect(scene.open(names[act.stream] ?? '')).toBe(streams[act.stream]);
        } else if (act.type === 'skip') {
          const [stream] = streams as [InputStream];
          const before = { ...stream };
          expect(() => scene.queue.accept(stream, stream.received + act.by, Buffer.from('x'))).toThrow(
            expect.objectContaining({ code: 'E_INPUT_GAP' }),
          );
          expect(stream).toEqual(before);
        } else {
          const stream = streams[act.stream] as InputStream;
          const { received, done } = stream;
          const from = Math.max(0, received - act.back);
          // Numbered from another place for each, so that bytes of one are not taken for the other's.
          const bytes = numbered(act.stream * 7_777_777 + from, act.length);
          const fresh = bytes.subarray(Math.min(bytes.length, received - from));
          if (received + fresh.length - done > LIMITS.inputWindowBytes) {
            expect(() => scene.queue.accept(stream, from, bytes)).toThrow(/unacknowledged/);
            expect(stream.received).toBe(received);
          } else {
            scene.accept(stream, from, bytes, act);
            expect(stream.received).toBe(received + fresh.length);
            expected.push(Buffer.from(fresh));
          }
          // The buffer that it came in is the next read's.
          bytes.fill(0);
        }
        for (const { done, received } of streams) expect(done).toBeLessThanOrEqual(received);
      }
      const all = Buffer.concat(expected);
      const typed = await scene.finish(all.length);
      expect(typed.equals(all)).toBe(true);
      for (const stream of streams) expect(stream.done).toBe(stream.received);
      expect(scene.ledger.recorded()).toEqual({
        streams: streams.map(({ slot, key, done }) => ({ slot, key, done })),
        inFlight: undefined,
      });
    }),
    { numRuns: 40 },
  );
});

test('a terminal that takes no more is waited for, and goes on where it was', async () => {
  using scene = new Scene();
  const listener = new Listener();
  const stream = scene.open('stream-one', listener);
  const bytes = numbered(0, 200_000);
  scene.accept(stream, 0, bytes);
  expect(scene.write()).toBe('blocked');
  expect(scene.write()).toBe('blocked');
  const { done } = stream;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(bytes.length);
  // Single keys behind it are put together, and stay in order.
  for (let at = 0; at < 300; at += 1) scene.accept(stream, bytes.length + at, Buffer.from('k'));
  const typed = await scene.finish(bytes.length + 300);
  expect(typed.equals(Buffer.concat([bytes, Buffer.alloc(300, 'k')]))).toBe(true);
  expect(listener.calls).toBeGreaterThan(1);
  expect(scene.write()).toBe('empty');
});

test('a successor types the rest of what is queued, and nothing else', async () => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  const bytes = numbered(0, 200_000);
  // Pieces of which some will have been typed, one in part, and some not at all.
  for (let at = 0; at < bytes.length; at += 10_000) scene.accept(stream, at, bytes.subarray(at, at + 10_000));
  scene.write();
  await eventually('more is typed', () => scene.terminal.read(8) && scene.write() && stream.done > 70_000);
  using luggage = new OutgoingLuggage(true);
  const suspended = scene.queue.suspend(luggage);
  expect(suspended.queue.every(({ bytes }) => typeof bytes === 'object' && bytes.length > 0)).toBe(true);
  const successor = scene.handedOver();
  const typed = await eventually('all of it typed', () => {
    successor.writeTo(scene.terminal.master);
    scene.terminal.read();
    return successor.isEmpty && scene.terminal.typed.length >= bytes.length && scene.terminal.typed;
  });
  expect(typed.equals(bytes)).toBe(true);
  expect(successor.suspend(luggage).streams).toMatchObject([{ received: bytes.length, done: bytes.length }]);
});

test('exactly the window may be unacknowledged', () => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  scene.accept(stream, 0, Buffer.alloc(LIMITS.inputWindowBytes));
  expect(() => scene.queue.accept(stream, LIMITS.inputWindowBytes, Buffer.alloc(1))).toThrow(
    expect.objectContaining({ code: 'E_INPUT_GAP' }),
  );
  scene.write();
  scene.queue.accept(stream, LIMITS.inputWindowBytes, Buffer.alloc(1));
});

test('while nobody has the terminal open nothing is lost, and who opens it gets it', async () => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  scene.terminal.hangUp();
  const bytes = numbered(0, 100_000);
  scene.accept(stream, 0, bytes);
  // Linux keeps some of it for the next who opens; elsewhere it is an error.
  expect(['blocked', 'hung-up']).toContain(scene.write());
  expect(scene.ledger.recorded().inFlight).toBeUndefined();
  scene.terminal.open();
  expect((await scene.finish(bytes.length)).equals(bytes)).toBe(true);
});

test.each([
  ['EIO', 'no program has it open'],
  ['EBADF', 'a fault of ours'],
])('a write that fails with %s (%s) leaves nothing in doubt', (code) => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  scene.queue.accept(stream, 0, Buffer.from('hello'));
  // Nothing is mapped at address 0, so writing there is an input/output error.
  const fd = code === 'EIO' ? fs.openSync('/proc/self/mem', 'r+') : 9_999;
  if (code === 'EIO') expect(scene.queue.writeTo(fd)).toBe('hung-up');
  else expect(() => scene.queue.writeTo(fd)).toThrow(expect.objectContaining({ code }));
  if (code === 'EIO') fs.closeSync(fd);
  expect(stream.done).toBe(0);
  expect(scene.ledger.recorded().inFlight).toBeUndefined();
  expect(scene.write()).toBe('empty');
});

test('what nobody is to have counts as done in its turn, and is not typed, not by a successor either', async () => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  const typed = numbered(0, 100_000);
  scene.accept(stream, 0, typed, { writes: true });
  scene.queue.skip(stream, typed.length, Buffer.from('answer'));
  scene.queue.keep();
  scene.accept(stream, typed.length + 6, Buffer.from('end'));
  expect(stream.done).toBeLessThan(typed.length);
  expect(stream.received).toBe(typed.length + 9);
  const before = stream.done;
  const successor = scene.handedOver();
  const left = await eventually('all is typed', () => {
    successor.writeTo(scene.terminal.master);
    scene.terminal.read();
    return successor.isEmpty && scene.terminal.typed.length === typed.length + 3 && scene.terminal.typed;
  });
  expect(before).toBeGreaterThan(0);
  expect(Buffer.concat([typed, Buffer.from('end')]).equals(left)).toBe(true);
  expect(scene.reopened().open('stream-one', new Listener(), 0).done).toBe(typed.length + 9);
});

test("answers come behind what was typed before, are no client's, and are handed over, up to a limit", async () => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  const typed = numbered(0, 100_000);
  scene.accept(stream, 0, typed, { writes: true });
  for (let count = 0; count < 5_000; count += 1) scene.queue.answer('\x1b[?1;2c');
  const successor = scene.handedOver();
  const all = await eventually('all is typed', () => {
    successor.writeTo(scene.terminal.master);
    scene.terminal.read();
    return successor.isEmpty && scene.terminal.typed;
  });
  const answers = Math.floor((16 * 1024) / 7);
  expect(all.length).toBe(typed.length + 7 * answers);
  expect(all.includes('\x1b[?1;2c'.repeat(answers))).toBe(true);
  expect(scene.reopened().open('stream-one', new Listener(), 0).done).toBe(typed.length);
});

test.each([false, true])(
  'a hand-over puts no answer into what is being pasted, nor that into an answer (begun: %s)',
  async (isAnswerFirst) => {
    using scene = new Scene();
    const stream = scene.open('stream-one');
    const typed = numbered(0, 60_000);
    const answer = '\x1b[1;1R'.repeat(2_000);
    if (isAnswerFirst) scene.queue.answer(answer);
    scene.accept(stream, 0, typed, { writes: true });
    scene.write();
    if (!isAnswerFirst) scene.queue.answer(answer);
    const successor = scene.handedOver();
    const all = await eventually('all is typed', () => {
      successor.writeTo(scene.terminal.master);
      scene.terminal.read();
      return successor.isEmpty && scene.terminal.typed;
    });
    const parts = [typed.toString('latin1'), answer];
    expect(all.toString('latin1')).toBe((isAnswerFirst ? parts.toReversed() : parts).join(''));
  },
);

test('what is queued when the session exits is dropped', () => {
  using scene = new Scene();
  const stream = scene.open('stream-one');
  scene.queue.accept(stream, 0, numbered(0, 200_000));
  expect(scene.write()).toBe('blocked');
  scene.queue.clear();
  expect(scene.queue.isEmpty).toBe(true);
  // An exited session stays for a day; it must not keep the connections of those who typed into it.
  expect(stream.listener).toBeNull();
  expect(scene.write()).toBe('empty');
});

test('a client that went away finds its place again, also in the next daemon', async () => {
  using scene = new Scene();
  const listener = new Listener();
  const stream = scene.open('stream-one', listener);
  scene.queue.accept(stream, 0, Buffer.from('abc'));
  scene.queue.detach(stream, listener);
  await scene.finish(3);
  expect(listener.calls).toBe(0);
  const again = scene.open('stream-one');
  expect(again).toMatchObject({ received: 3, done: 3 });
  // One that was detached late does not take away its successor's listener.
  scene.queue.detach(again, listener);
  expect(again.listener).not.toBeNull();
  expect(scene.reopened().open('stream-one', listener, 0)).toMatchObject({ received: 3, done: 3 });
  expect(scene.reopened().open('stream-two', listener, 0)).toMatchObject({ received: 0, done: 0 });
});

test('so many streams are remembered; the longest-idle without client and without input on its way makes room', () => {
  using scene = new Scene();
  const listener = new Listener();
  const streams = Array.from({ length: LIMITS.inputStreamsPerSession }, (_, index) =>
    scene.queue.open(`stream-${index}`, listener, index),
  );
  expect(new Set(streams.map(({ slot }) => slot)).size).toBe(LIMITS.inputStreamsPerSession);
  expect(() => scene.open('one-more')).toThrow(expect.objectContaining({ code: 'E_LIMIT' }));
  const [first, second, third] = streams as [InputStream, InputStream, InputStream];
  scene.queue.accept(third, 0, Buffer.from('on its way'));
  for (const [index, stream] of [third, second, first].entries())
    scene.queue.detach(stream, listener, 2_000 + index);
  // The third is idle for longer, but not done; the second went before the first, which had come later.
  const successor = scene.handedOver();
  for (const { key } of streams.slice(3)) successor.reattach(key, listener);
  expect(successor.open('one-more', listener, 0).slot).toBe(second.slot);
  const replacement = scene.open('one-more');
  expect(replacement.slot).toBe(second.slot);
  expect(scene.ledger.recorded().streams).toContainEqual({
    slot: second.slot,
    key: streamKey('one-more'),
    done: 0,
  });
  expect(scene.open('stream-0')).toBe(first);
  expect(() => scene.open('stream-1')).toThrow(expect.objectContaining({ code: 'E_LIMIT' }));
});

test('many single keys of two clients in a blocked terminal do not hold the loop when it reads again', async () => {
  using scene = new Scene();
  const streams = [scene.open('stream-one'), scene.open('stream-two')];
  const keys = 100_000;
  for (let at = 0; at < keys; at += 1) {
    for (const stream of streams)
      scene.queue.accept(stream, at, Buffer.from(stream === streams[0] ? 'a' : 'b'));
  }
  let longestMs = 0;
  while (!scene.queue.isEmpty) {
    const before = performance.now();
    scene.write();
    longestMs = Math.max(longestMs, performance.now() - before);
    scene.terminal.read();
  }
  expect((await scene.finish(2 * keys)).equals(Buffer.from('ab'.repeat(keys)))).toBe(true);
  // It took 13 s when each key moved all those behind it; a turn is some 2 ms, on a machine with nothing else to do.
  expect(longestMs).toBeLessThan(1_000);
});
