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
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), Math.min(timeoutMs, LONGEST_MS));
  // AbortSignal.any would leave something on a signal that lives on.
  const aborted = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    return await run(ending.signal);
  } catch (error) {
    if (!ending.signal.aborted || signal?.aborted) throw error;
    throw new HoldfastError('E_TIMEOUT', late(`${timeoutMs} ms`));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}
