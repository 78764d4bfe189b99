import { expect, test } from 'vitest';
import { matchShown } from './match-shown.ts';

test('of a match that is too long the beginning is shown, and how much is left out is told', () => {
  const match = { text: 'a✓✓b', groups: ['✓✓', undefined, 'b', '✓'], from: 10, to: 18 };
  expect(matchShown(match, 100)).toEqual({ ...match, groups: ['✓✓', null, 'b', '✓'] });
  // A character is shown whole, or not at all.
  expect(matchShown(match, 6)).toEqual({
    text: 'a✓',
    groups: ['✓✓', null, '', ''],
    from: 10,
    to: 18,
    cutBytes: 4 + 4,
  });
});
