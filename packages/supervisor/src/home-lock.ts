import { existsSync } from 'node:fs';
import { close, connectUnix, isErrno, lockFile } from '@holdfast/posix';
import { HoldfastError } from '@holdfast/protocol';
import type { Home } from './home.ts';

/** Whether a daemon accepts connections in this home. Throws E_NO_DAEMON if that can't be found out. */
export function isAccepting(home: Home): boolean {
  try {
    close(connectUnix(home.socketPath));
    return true;
  } catch (cause) {
    if (isErrno(cause, 'ENOENT', 'ECONNREFUSED')) return false;
    // A full queue of connects: it is there, and busy.
    if (isErrno(cause, 'EAGAIN')) return true;
    throw new HoldfastError('E_NO_DAEMON', `can't connect to ${home.socketPath}: ${String(cause)}`, {
      cause,
    });
  }
}

/**
 * Whether a daemon owns this home, accepting or not. Looking takes the lock for a moment if it is free: a daemon that
 * starts in that moment finds it taken, and `ensureDaemon` starts it again.
 */
export function isHomeInUse(home: Home): boolean {
  if (!existsSync(home.lockPath)) return false;
  const lock = lockFile(home.lockPath);
  if (lock === undefined) return true;
  close(lock);
  return false;
}
