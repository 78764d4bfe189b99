import { expect, test } from 'vitest';
import { tokenIn } from './token-in.ts';

test('a token is what an address has behind #token=, whatever that is', () => {
  expect(tokenIn('#token=a.b-c_d')).toBe('a.b-c_d');
  expect(tokenIn('http://127.0.0.1:4000/#token=a%2Eb')).toBe('a.b');
  expect(tokenIn('#token=%')).toBe('%');
  expect(tokenIn('#token=%25%')).toBe('%25%');
  expect(tokenIn('#token=')).toBe('');
  expect(tokenIn('#/settings/daemon')).toBeUndefined();
  expect(tokenIn('')).toBeUndefined();
});
