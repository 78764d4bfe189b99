import os from 'node:os';
import koffi from 'koffi';
import { lastError } from './errors.ts';
import { libc } from './libc.ts';
import { Block } from './memory.ts';

const POLLIN = 1;
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 16;
const LONGEST_MS = 0x7fff_ffff;

/**
 * Blocks the whole process until the descriptor is readable or hung up, or the time is over; true in the first case. For
 * moments when nothing else may happen.
 */
export function waitReadable(fd: number, timeoutMs: number): boolean {
  return waitFor(fd, POLLIN, timeoutMs);
}

/** As waitReadable, until something can be written. */
export function waitWritable(fd: number, timeoutMs: number): boolean {
  return waitFor(fd, POLLOUT, timeoutMs);
}

/** Whether the other side of a socket has closed it, whatever is still to be read. */
export function isHungUp(fd: number): boolean {
  const entry = new Block(8);
  entry.view.setInt32(0, fd, true);
  const count = libc.poll(entry.address, 1, 0);
  return count > 0 && (entry.view.getInt16(6, true) & (POLLHUP | POLLERR)) !== 0;
}

function waitFor(fd: number, events: number, timeoutMs: number): boolean {
  const entry = new Block(8);
  const until = performance.now() + timeoutMs;
  for (;;) {
    entry.view.setInt32(0, fd, true);
    entry.view.setInt16(4, events, true);
    entry.view.setInt16(6, 0, true);
    const left = Math.min(Math.max(0, Math.ceil(until - performance.now())), LONGEST_MS);
    const count = libc.poll(entry.address, 1, left);
    if (count > 0) return true;
    if (count === 0 && performance.now() >= until) return false;
    if (count < 0 && koffi.errno() !== os.constants.errno.EINTR) throw lastError('poll');
  }
}
