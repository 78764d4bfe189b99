import { expect, test } from 'vitest';
import { leastSlopeOf, median, slopeOf } from './trend.ts';

test('what grows steadily has its slope, whatever a few samples say', () => {
  const samples = Array.from({ length: 30 }, (_, index) => ({ ms: 1_000 * index, value: 50 + 2 * index }));
  expect(slopeOf(samples)).toBeCloseTo(0.002);
  const disturbed = samples.map(({ ms, value }, index) => ({ ms, value: index % 5 === 0 ? 1e6 : value }));
  expect(slopeOf(disturbed) * 1_000).toBeGreaterThan(1);
  expect(slopeOf(disturbed) * 1_000).toBeLessThan(4);
});

test('what goes up and down and stays where it is has none', () => {
  const samples = Array.from({ length: 40 }, (_, index) => ({ ms: index, value: index % 2 }));
  expect(Math.abs(slopeOf(samples))).toBeLessThan(0.01);
  expect(slopeOf([{ ms: 1, value: 5 }])).toBe(0);
  expect(slopeOf([])).toBe(0);
});

test('what grows steadily does so for certain, and what scatters as much as it grows does not', () => {
  const steady = Array.from({ length: 30 }, (_, index) => ({ ms: index, value: index }));
  expect(leastSlopeOf(steady)).toBeCloseTo(1);
  // It goes round without an order: 0, 13, 26, 9, 22, 5, …
  const scattered = steady.map(({ ms, value }) => ({ ms, value: value / 30 + ((13 * ms) % 30) }));
  expect(slopeOf(scattered)).toBeGreaterThan(0);
  expect(leastSlopeOf(scattered)).toBeLessThan(0);
  // Ten times as much is more than what it scatters by.
  const grown = steady.map(({ ms, value }) => ({ ms, value: 10 * value + ((13 * ms) % 30) }));
  expect(leastSlopeOf(grown)).toBeGreaterThan(8);
  expect(leastSlopeOf(grown)).toBeLessThan(slopeOf(grown));
  expect(leastSlopeOf([])).toBe(0);
});

test('the median is the middle one, or lies in the middle of two', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7]), median([])]).toEqual([2, 2.5, 7, undefined]);
});
