import fs from 'node:fs';
import { close, setCloseOnExec, setNonBlocking } from './descriptors.ts';
import { check } from './errors.ts';
import { libc } from './libc.ts';
import { markUtf8, setWindowSize, type TerminalSize } from './terminal.ts';

export interface Pty {
  /** The kernel's master end: non-blocking, close-on-exec, ours to close. */
  readonly master: number;
  /** Path of the slave end, which a program opens as its terminal. */
  readonly slavePath: string;
}

/**
 * Opens a pseudo-terminal of that size. Throws PosixError: EMFILE, ENFILE (no descriptors), ENOSPC, EAGAIN or EIO (the system has no
 * pseudo-terminals left: `kernel.pty.max` on Linux).
 */
export function openPty(size: TerminalSize): Pty {
  const master = check(libc.posixOpenpt(fs.constants.O_RDWR | fs.constants.O_NOCTTY), 'posix_openpt');
  try {
    setCloseOnExec(master);
    setNonBlocking(master);
    check(libc.grantpt(master), 'grantpt');
    check(libc.unlockpt(master), 'unlockpt');
    const slavePath = slavePathOf(master);
    setWindowSize(master, size);
    markUtf8(master);
    return { master, slavePath };
  } catch (error) {
    close(master);
    throw error;
  }
}

/** Path of the slave end of a master. Throws PosixError if the descriptor is none. */
export function slavePathOf(master: number): string {
  const slavePath = libc.ptsname(master) as unknown as string | null;
  if (slavePath === null) check(-1, 'ptsname');
  return slavePath ?? '';
}
