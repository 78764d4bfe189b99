import os from 'node:os';
import { expect, test, vi } from 'vitest';
import { userName } from './user-name.ts';

test('a user without an entry in the password file has a name all the same', () => {
  const userInfo = vi.spyOn(os, 'userInfo').mockImplementation(() => {
    throw new Error('ENOENT');
  });
  try {
    expect(userName({ USER: 'somebody' })).toBe('somebody');
    expect(userName({})).toBe(String(process.getuid?.()));
  } finally {
    userInfo.mockRestore();
  }
});
