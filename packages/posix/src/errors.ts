import os from 'node:os';
import koffi from 'koffi';

/** Where a number has two names (EAGAIN and EWOULDBLOCK), the first is the one that is known: later entries give way. */
const NAMES = new Map(
  Object.entries(os.constants.errno)
    .toReversed()
    .map(([name, number]) => [number, name]),
);

/** A failed call to the operating system. `code` is the errno's name, as in Node's own errors. */
export class PosixError extends Error {
  override readonly name = 'PosixError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, about = '') {
    const code = errnoName(errno);
    super(`${code}: ${syscall}${about === '' ? '' : ` ${about}`} failed`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** The name of an error number: `EAGAIN`. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/** The error of the call that has just failed. Ask before anything else is called. */
export function lastError(syscall: string, about?: string): PosixError {
  return new PosixError(syscall, koffi.errno(), about);
}

/** Passes a non-negative result on; throws the call's error otherwise. */
export function check(result: number, syscall: string, about?: string): number {
  if (result < 0) throw lastError(syscall, about);
  return result;
}

/** Whether `error` is a failed system call with one of these errno names. */
export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
