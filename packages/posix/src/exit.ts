import { libc } from './libc.ts';

/** Ends the process at once: no exit handlers, no flushing, and no waiting for a call that blocks in a worker thread. */
export function exitNow(code: number): never {
  libc.exit(code);
  throw new Error('_exit returned');
}
