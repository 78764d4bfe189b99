import fc from 'fast-check';
import { close, type Mapping, mapFile, openAnonymous } from '@holdfast/posix';
import { expect, test, vi } from 'vitest';
import { LEDGER_BYTES, Ledger, streamKey } from './ledger.ts';

function page(): Mapping {
  const fd = openAnonymous('ledger-test', LEDGER_BYTES);
  try {
    return mapFile(fd, LEDGER_BYTES);
  } finally {
    close(fd);
  }
}

const [alice, bob] = [streamKey('stream-of-alice'), streamKey('stream-of-bob')];

test('a new ledger is empty, and opened again it still is', () => {
  const mapping = page();
  for (const isNew of [true, false]) {
    const ledger = new Ledger(mapping, isNew);
    expect(ledger.end).toBe(0);
    expect(ledger.recorded()).toEqual({ streams: [], inFlight: undefined });
  }
  mapping.unmap();
});

test('what was recorded is read back, up to the largest offset', () => {
  const mapping = page();
  const ledger = new Ledger(mapping, true);
  ledger.recordEnd(Number.MAX_SAFE_INTEGER);
  ledger.claimStream(0, alice, 0);
  ledger.claimStream(63, bob, 5);
  ledger.beginWrite(0, 0, 4_096);
  ledger.endWrite(0, 2 ** 40 + 3);
  ledger.beginWrite(63, 5, 17);
  const again = new Ledger(mapping, false);
  expect(again.end).toBe(Number.MAX_SAFE_INTEGER);
  expect(again.recorded()).toEqual({
    streams: [
      { slot: 0, key: alice, done: 2 ** 40 + 3, unknown: undefined },
      { slot: 63, key: bob, done: 5, unknown: undefined },
    ],
    inFlight: { slot: 63, offset: 5, length: 17 },
  });
  mapping.unmap();
});

test('a stream that takes over a slot has nothing of the one before', () => {
  const mapping = page();
  const ledger = new Ledger(mapping, true);
  ledger.claimStream(7, alice, 0);
  ledger.endWrite(7, 1_000);
  ledger.claimStream(7, bob, 0);
  expect(ledger.recorded().streams).toEqual([{ slot: 7, key: bob, done: 0, unknown: undefined }]);
  mapping.unmap();
});

test('streams that are forgotten are nobody’s, nor is what was in flight of one', () => {
  const mapping = page();
  const ledger = new Ledger(mapping, true);
  ledger.claimStream(0, alice, 0);
  ledger.endWrite(0, 1_000);
  ledger.claimStream(63, bob, 0);
  ledger.beginWrite(63, 0, 17);
  ledger.forgetStreams();
  expect(ledger.recorded()).toEqual({ streams: [], inFlight: undefined });
  mapping.unmap();
});

/** Called after each store of 8 bytes: a kill comes between two of them, or not at all. */
const stores = vi.hoisted(() => ({ descending: false, after: (): void => undefined }));

vi.mock(import('@holdfast/posix'), async (original) => {
  const posix = await original();
  const copyIn: typeof posix.copyIn = (to, from, byteCount) => {
    for (let at = 0; at < byteCount; at += 8) {
      // The order within one copy is the C library's choice.
      const word = stores.descending ? byteCount - 8 - at : at;
      posix.copyIn(to + word, from + word, 8);
      stores.after();
    }
  };
  return { ...posix, copyIn };
});

const slot = fc.nat({ max: 2 });
const step = fc.oneof(
  fc.record({ type: fc.constant('claim' as const), slot }),
  fc.record({
    type: fc.constant('write' as const),
    slot,
    length: fc.integer({ min: 1, max: 4_096 }),
    taken: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
);

test('killed between any two stores: done is never more than was written, and at most the write in flight is in doubt', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 25 }), (descending, steps) => {
      const mapping = page();
      const ledger = new Ledger(mapping, true);
      /** What the terminal has really taken, by key; and who has which slot. */
      const written = new Map<string, number>();
      const owners = new Map<number, string>();
      let inFlight: { slot: number; offset: number; length: number } | undefined;
      const judge = () => {
        const recorded = new Ledger(mapping, false).recorded();
        if (recorded.inFlight) expect(recorded.inFlight).toEqual(inFlight);
        for (const { slot, key, done } of recorded.streams) {
          const truly = written.get(key);
          // A key that stands there in part is nobody's.
          if (truly === undefined) continue;
          const doubt = recorded.inFlight?.slot === slot ? recorded.inFlight : undefined;
          if (doubt) expect(done).toBe(doubt.offset);
          expect(done).toBeLessThanOrEqual(truly);
          expect(truly).toBeLessThanOrEqual(doubt ? doubt.offset + doubt.length : done);
        }
      };
      stores.descending = descending;
      stores.after = judge;
      try {
        for (const step of steps) {
          const owner = owners.get(step.slot);
          if (step.type === 'claim') {
            const key = streamKey(`stream ${written.size}`);
            written.set(key, 0);
            ledger.claimStream(step.slot, key, 0);
            owners.set(step.slot, key);
          } else if (owner !== undefined) {
            const done = written.get(owner) ?? 0;
            inFlight = { slot: step.slot, offset: done, length: step.length };
            ledger.beginWrite(step.slot, done, step.length);
            judge();
            const now = done + Math.round(step.taken * step.length);
            written.set(owner, now);
            judge();
            ledger.endWrite(step.slot, now);
            inFlight = undefined;
            expect(ledger.recorded().inFlight).toBeUndefined();
          }
        }
        for (const [slot, key] of owners) {
          expect(ledger.recorded().streams).toContainEqual({ slot, key, done: written.get(key) });
        }
      } finally {
        stores.after = () => undefined;
        mapping.unmap();
      }
    }),
  );
});

test('how far queries are dealt with is known to whoever opens it again, from offset 0 on', () => {
  const mapping = page();
  const ledger = new Ledger(mapping, true);
  expect(ledger.queries).toBeUndefined();
  for (const to of [0, 7, 2 ** 40, 'viewer'] as const) {
    ledger.recordQueries(to);
    expect(new Ledger(mapping, false).queries).toBe(to);
  }
  mapping.unmap();
});
