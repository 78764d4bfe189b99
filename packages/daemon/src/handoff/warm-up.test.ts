import { expect, test } from 'vitest';
import { warmUp } from './warm-up.ts';

test('what a successor warms up with is a snapshot that it can read', () => {
  expect(warmUp).not.toThrow();
});
