import { expect, test } from 'vitest';
import { keyOf, placeOf } from './session-key.ts';

test('a session of another machine is told from one of this by its key, and is found by it', () => {
  expect(keyOf({ session: '0123456789ab' })).toBe('0123456789ab');
  expect(placeOf('0123456789ab')).toEqual({ session: '0123456789ab' });
  const elsewhere = { machine: 'build-2', session: '0123456789ab' };
  expect(placeOf(keyOf(elsewhere))).toEqual(elsewhere);
});
