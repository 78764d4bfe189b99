import { expect, test } from 'vitest';
import { BUILD, highestCommonProtocol, PROTOCOLS, VERSION } from './build.ts';

test('the highest protocol version that both sides speak is chosen', () => {
  const newest = PROTOCOLS.at(-1);
  expect(highestCommonProtocol([...PROTOCOLS])).toBe(newest);
  expect(highestCommonProtocol([99, newest ?? 0, 0])).toBe(newest);
  expect(highestCommonProtocol([99])).toBeUndefined();
  expect(highestCommonProtocol([])).toBeUndefined();
  expect([...PROTOCOLS].toSorted((one, other) => one - other)).toEqual(PROTOCOLS);
});

test('a build that runs from source says so', () => {
  expect([VERSION, BUILD]).toEqual(['0.0.0-source', 'source']);
});
