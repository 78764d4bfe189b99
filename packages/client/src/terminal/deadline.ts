import { HoldfastError } from '@holdfast/protocol';
import type { Limited } from './terminal-options.ts';

export const STANDARD_MS = 30_000;
/** Beyond it a timer of Node's goes off at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Runs something that ends at a signal: at the caller's, or when its time is over, by E_TIMEOUT with what `late` says of a time. */
export async function beforeDeadline<T>(
  { signal, timeoutMs = STANDARD_MS }: Limited,
  late: (time: string) => string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), Math.min(timeoutMs, LONGEST_MS));
  try {
    return await run(signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal);
  } catch (error) {
    if (!timeout.signal.aborted || signal?.aborted) throw error;
    throw new HoldfastError('E_TIMEOUT', late(`${timeoutMs} ms`));
  } finally {
    clearTimeout(timer);
  }
}
