import koffi from 'koffi';
import fs from 'node:fs';
import os from 'node:os';
import { check, isErrno, lastError } from './errors.ts';
import { libc } from './libc.ts';
import { addressOf } from './memory.ts';
import { platform } from './platform.ts';

/** What `read` and `write` return when the descriptor is non-blocking and nothing can be done now. */
export const WOULD_BLOCK = -1;

const { EAGAIN, EWOULDBLOCK, EINTR } = os.constants.errno;
const CLOSE_ON_EXEC = 1;

/** Closes a descriptor. It is gone afterwards whatever the kernel says, so EINTR and EIO are not reported. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Sets or clears O_NONBLOCK. It belongs to the open file description: whoever shares it is affected too. */
export function setNonBlocking(fd: number, on = true): void {
  const flags = check(libc.fcntl(fd, platform.fcntl.getFl), 'fcntl');
  const wanted = on ? flags | platform.nonBlock : flags & ~platform.nonBlock;
  if (wanted !== flags) check(libc.fcntl(fd, platform.fcntl.setFl, 'int', wanted), 'fcntl');
}

/** Whether O_NONBLOCK is set. */
export function isNonBlocking(fd: number): boolean {
  return (check(libc.fcntl(fd, platform.fcntl.getFl), 'fcntl') & platform.nonBlock) !== 0;
}

/** Sets or clears close-on-exec: whether a program started from here inherits the descriptor. */
export function setCloseOnExec(fd: number, on = true): void {
  check(libc.fcntl(fd, platform.fcntl.setFd, 'int', on ? CLOSE_ON_EXEC : 0), 'fcntl');
}

/** Whether a program started from here does not inherit the descriptor. */
export function isCloseOnExec(fd: number): boolean {
  return (check(libc.fcntl(fd, platform.fcntl.getFd), 'fcntl') & CLOSE_ON_EXEC) !== 0;
}

/**
 * Closes what this process was started with by accident (the descriptor of a caller's lock, say), but for 0 to 2 and `keep`.
 * All that is not close-on-exec counts as such: Node's own descriptors are, and ours. Call it first of all.
 */
export function closeInherited(keep: readonly number[] = []): void {
  for (const name of fs.readdirSync('/dev/fd')) {
    const fd = Number(name);
    if (fd <= 2 || keep.includes(fd)) continue;
    try {
      if (!isCloseOnExec(fd)) close(fd);
    } catch (error) {
      // The one that read the folder.
      if (!isErrno(error, 'EBADF')) throw error;
    }
  }
}

/** A second descriptor of the same open file description, close-on-exec. */
export function duplicate(fd: number): number {
  return check(libc.fcntl(fd, platform.fcntl.dupCloexec, 'int', 0), 'fcntl');
}

/** Makes descriptor `to` a second one of `fd`'s open file description, closing what it was; programs inherit it. */
export function duplicateTo(fd: number, to: number): void {
  check(libc.dup2(fd, to), 'dup2');
}

/** A pipe, both ends close-on-exec and non-blocking. */
export function pipe(): { read: number; write: number } {
  const ends = Buffer.alloc(8);
  check(libc.pipe(ends), 'pipe');
  const opened = { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
  for (const fd of Object.values(opened)) {
    setCloseOnExec(fd);
    setNonBlocking(fd);
  }
  return opened;
}

/** Reads into `buffer` from `at` on; 0 at the end, WOULD_BLOCK if nothing is there now. Throws PosixError. */
export function read(fd: number, buffer: Uint8Array, at: number, length: number): number {
  return readAt(fd, addressOf(buffer) + at, Math.min(length, buffer.length - at));
}

/** As `read`, into memory at an address. The caller answers for address and length. */
export function readAt(fd: number, address: number, length: number): number {
  for (;;) {
    const count = libc.read(fd, address, length);
    if (count >= 0) return count;
    const errno = koffi.errno();
    if (errno === EAGAIN || errno === EWOULDBLOCK) return WOULD_BLOCK;
    if (errno !== EINTR) throw lastError('read');
  }
}

/** Writes bytes from `from` on; returns how many were taken, or WOULD_BLOCK. Throws PosixError. */
export function write(fd: number, bytes: Uint8Array, from = 0, length = bytes.length - from): number {
  return writeAt(fd, addressOf(bytes) + from, length);
}

/** As `write`, from memory at an address. */
export function writeAt(fd: number, address: number, length: number): number {
  for (;;) {
    const count = libc.write(fd, address, length);
    if (count >= 0) return count;
    const errno = koffi.errno();
    if (errno === EAGAIN || errno === EWOULDBLOCK) return WOULD_BLOCK;
    if (errno !== EINTR) throw lastError('write');
  }
}
