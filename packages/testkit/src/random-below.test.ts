import { expect, test } from 'vitest';
import { randomBelow } from './random-below.ts';

const numbers = (seed: number): number[] => {
  const below = randomBelow(seed);
  return Array.from({ length: 1_000 }, () => below(3));
};

test('the same seed gives the same numbers, and another seed others; all are below the limit', () => {
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(7)).not.toEqual(numbers(8));
  expect(new Set(numbers(7))).toEqual(new Set([0, 1, 2]));
});
