import { HoldfastError } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { failureResult } from './failure.ts';

test.each([
  [new HoldfastError('E_BAD_REQUEST', 'cols is out of its range'), /^E_BAD_REQUEST: cols .*\nGive otherwise/],
  [new HoldfastError('E_INTERNAL', 'no screen was made'), /^E_INTERNAL: no screen .*\nThis is a fault/],
  // What nobody has thought of.
  [new TypeError('x is undefined'), /^E_INTERNAL: x is undefined\nThis is a fault/],
])('an agent is told what could not be done, and what to do next: %s', (error, said) => {
  const result = failureResult(error);
  expect(result.isError).toBe(true);
  expect(result.content[0]).toMatchObject({ text: expect.stringMatching(said) });
});
