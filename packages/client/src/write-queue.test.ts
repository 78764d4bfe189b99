import { HoldfastError } from '@holdfast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteQueue } from './write-queue.ts';

const UNKNOWN = new HoldfastError('E_INPUT_UNKNOWN', 'unknown');

test('whatever is written can be copied from any offset that is not done', () => {
  const scenario = fc.record({
    sizes: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 200 }),
    cuts: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(scenario, ({ sizes, cuts }) => {
      const queue = new WriteQueue();
      const all = Uint8Array.from(
        { length: sizes.reduce((sum, size) => sum + size, 0) },
        (_, at) => at % 251,
      );
      for (const size of sizes) void queue.append(all.subarray(queue.end, queue.end + size));
      expect(queue.end).toBe(all.length);
      for (const [doneSeed, fromSeed] of cuts) {
        queue.settle(queue.done + (doneSeed % (all.length - queue.done + 1)));
        const from = queue.done + (fromSeed % (all.length - queue.done + 1));
        const into = new Uint8Array(all.length - from);
        queue.copy(from, into);
        expect(into).toEqual(all.subarray(from));
      }
    }),
  );
});

test.each([
  ['a Uint8Array', new Uint8Array([1, 2, 3])],
  ['a Buffer, whose slice is a view', Buffer.from([1, 2, 3])],
])("what was written is the caller's again: %s", (_, bytes) => {
  const queue = new WriteQueue();
  void queue.append(bytes);
  bytes.fill(9);
  const into = new Uint8Array(3);
  queue.copy(0, into);
  expect([...into]).toEqual([1, 2, 3]);
});

test('a range rejects exactly the writes that it touches, and each write settles once', async () => {
  const scenario = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 30 }),
    from: fc.nat(100),
    length: fc.nat(50),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ sizes, from, length }) => {
      const queue = new WriteQueue();
      const to = from + length;
      const writes = sizes.map((size) => {
        const start = queue.end;
        const isTouched = start < to && start + size > from && length > 0;
        const outcome = queue.append(new Uint8Array(size)).then(
          () => 'done',
          () => 'rejected',
        );
        return { outcome, expected: isTouched ? 'rejected' : 'done' };
      });
      queue.rejectRange({ from, to }, UNKNOWN);
      queue.settle(queue.end);
      for (const { outcome, expected } of writes) expect(await outcome).toBe(expected);
    }),
  );
});

test('an empty write settles with what is before it', async () => {
  const queue = new WriteQueue();
  await queue.append(new Uint8Array(0));
  const order: string[] = [];
  const first = queue.append(new Uint8Array(1)).then(() => order.push('first'));
  const empty = queue.append(new Uint8Array(0)).then(() => order.push('empty'));
  queue.settle(1);
  await Promise.all([first, empty]);
  expect(order).toEqual(['first', 'empty']);
});
