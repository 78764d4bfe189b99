import { expect, test } from 'vitest';
import { median, slopeOf } from './trend.ts';

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

test('the median is the middle one, or lies in the middle of two', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7]), median([])]).toEqual([2, 2.5, 7, undefined]);
});
