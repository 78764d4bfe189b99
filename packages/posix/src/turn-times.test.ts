import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TurnTimes } from './turn-times.ts';

test('without a turn all is 0', () => {
  expect(new TurnTimes().summary).toEqual({ turns: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
});

test('a rare long turn is the longest, and neither the median nor one in a hundred', () => {
  const times = new TurnTimes();
  for (let turn = 0; turn < 999; turn += 1) times.note(0.01);
  times.note(250);
  const { turns, p50Ms, p99Ms, maxMs } = times.summary;
  expect({ turns, maxMs }).toEqual({ turns: 1_000, maxMs: 250 });
  expect(p50Ms).toBeLessThanOrEqual(0.0125);
  expect(p99Ms).toBeLessThanOrEqual(0.0125);
});

test('figures are right to within a quarter, and a microsecond or two', () => {
  const turnMs = fc.double({ min: 0, max: 3_600_000, noNaN: true });
  fc.assert(
    fc.property(fc.array(turnMs, { minLength: 1, maxLength: 300 }), (all) => {
      const times = new TurnTimes();
      for (const ms of all) times.note(ms);
      const sorted = all.toSorted((a, b) => a - b);
      const { maxMs } = times.summary;
      expect(maxMs).toBeCloseTo(sorted.at(-1) ?? 0, 2);
      for (const [told, part] of [
        [times.summary.p50Ms, 0.5],
        [times.summary.p99Ms, 0.99],
      ] as const) {
        const exact = Math.min(sorted[Math.ceil(sorted.length * part) - 1] ?? 0, 2_147_483);
        expect(told).toBeGreaterThanOrEqual(exact * 0.999 - 0.002);
        expect(told).toBeLessThanOrEqual(Math.max(exact * 1.251, 0.004) + 0.001);
      }
    }),
  );
});
