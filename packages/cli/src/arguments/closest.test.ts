import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closest, editDistance } from './closest.ts';

test.each([
  ['attch', 'attach'],
  ['atatch', 'attach'],
  ['stat', 'status'],
  ['compl', 'completion'],
  ['list', 'ls'],
])('%s may have meant %s', (word, meant) => {
  const found = closest(word, ['attach', 'status', 'completion', 'restart', 'new']);
  expect(found).toBe(word === 'list' ? undefined : meant);
});

test('the distance is that of edits, and the same both ways', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('abc', 'acb')).toBe(1);
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, a)).toBe(0);
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
