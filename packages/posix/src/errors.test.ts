import os from 'node:os';
import { describe, expect, test } from 'vitest';
import { errnoName, isErrno, PosixError } from './errors.ts';

describe('a failed call', () => {
  test('carries the usual name of its error number', () => {
    const { errno } = os.constants;
    for (const name of [
      'EAGAIN',
      'ENOENT',
      'EIO',
      'EPERM',
      'ENOTSUP',
      'EDEADLK',
      'EMFILE',
      'ENOSPC',
    ] as const) {
      expect(errnoName(errno[name])).toBe(name);
    }
    expect(errnoName(9_999)).toBe('E9999');
  });

  test('says what failed, about what', () => {
    const error = new PosixError('connect', os.constants.errno.EWOULDBLOCK, '/run/socket');
    expect(error).toMatchObject({
      code: 'EAGAIN',
      syscall: 'connect',
      message: 'EAGAIN: connect /run/socket failed',
    });
    expect(isErrno(error, 'EIO', 'EAGAIN')).toBe(true);
    expect(isErrno(error, 'EIO')).toBe(false);
    expect(isErrno({ code: 'EIO' }, 'EIO')).toBe(false);
  });
});
