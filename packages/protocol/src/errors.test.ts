import { expect, test } from 'vitest';
import { ERRORS, HoldfastError, isErrorCode } from './errors.ts';

test('an error carries its code, its cause and whether to try again', () => {
  const cause = new Error('why');
  const error = new HoldfastError('E_NO_PTY', 'no terminal is left', { cause });
  expect(error).toMatchObject({
    name: 'HoldfastError',
    code: 'E_NO_PTY',
    message: 'no terminal is left',
    cause,
    retry: true,
  });
  expect(new HoldfastError('E_CWD', 'no such folder').retry).toBe(false);
});

test('codes of this build are told from others', () => {
  for (const code of Object.keys(ERRORS)) {
    expect(code).toMatch(/^E_[A-Z_]+$/);
    expect(isErrorCode(code)).toBe(true);
  }
  for (const code of ['', 'E_LATER', 'toString', '__proto__']) expect(isErrorCode(code)).toBe(false);
});
