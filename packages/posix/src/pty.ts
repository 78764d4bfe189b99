import fs from 'node:fs';
import { close, setCloseOnExec, setNonBlocking } from './descriptors.ts';
import { check, lastError } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS } from './platform.ts';
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
    if (slavePath === undefined) throw lastError('ptsname');
    setWindowSize(master, size);
    markUtf8(master);
    return { master, slavePath };
  } catch (error) {
    close(master);
    throw error;
  }
}

/** `_IOR('T', 0x30, unsigned int)`: the number of a terminal, by its master. */
const TIOCGPTN = 0x80045430;
const number = Buffer.alloc(4);

/** Path of the slave end of a master; undefined if the descriptor is no master. */
export function slavePathOf(master: number): string | undefined {
  if (isMacOS) return (libc.ptsname(master) as unknown as string | null) ?? undefined;
  // ptsname looks into the file system, too: three times as long, for each session that is handed over.
  if (libc.ioctl(master, TIOCGPTN, 'void *', number) < 0) return undefined;
  return `/dev/pts/${number.readUInt32LE(0)}`;
}
