import fs from 'node:fs';
import os from 'node:os';
import koffi from 'koffi';
import { close } from './descriptors.ts';
import { lastError } from './errors.ts';
import { libc } from './libc.ts';
import { platform } from './platform.ts';

const EXCLUSIVE_NO_WAIT = 2 | 4;

/**
 * Locks a file (created if need be) by `flock`, whose lock belongs to the open file description: it is free only when all
 * descriptors of it are closed, in whichever process they are. Returns the descriptor that holds it, or undefined if
 * somebody else does. Throws PosixError or Node's error if the file can't be opened.
 */
export function lockFile(path: string): number | undefined {
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT | platform.open.cloexec, 0o600);
  if (libc.flock(fd, EXCLUSIVE_NO_WAIT) === 0) return fd;
  const busy = koffi.errno() === os.constants.errno.EWOULDBLOCK;
  const error = lastError('flock', path);
  close(fd);
  if (busy) return undefined;
  throw error;
}
