import { expect, test } from 'vitest';
import { inputWait } from './processes.ts';

/** Of nobody in the password file. */
const STRANGER = 54_321;

test('what a process of another user waits for can not be seen, and that is said', () => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(STRANGER);
  try {
    expect(() => inputWait(1)).toThrow('what process 1 waits for may not be seen');
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});
