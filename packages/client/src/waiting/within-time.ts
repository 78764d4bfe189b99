/** The time is over. */
export const LATE = Symbol('late');

/** Beyond it a timer of Node's goes off at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Runs something that ends at a signal: at the caller's, and rejects with its reason, or when its time is over. */
export async function withinTime<T>(
  { signal, timeoutMs }: { signal: AbortSignal | undefined; timeoutMs: number },
  run: (ending: AbortSignal) => Promise<T>,
): Promise<T | typeof LATE> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(LATE), Math.min(timeoutMs, LONGEST_MS));
  // AbortSignal.any would leave something on a signal that lives on.
  const aborted = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', aborted, { once: true });
  try {
    return await run(ending.signal);
  } catch (error) {
    if (ending.signal.reason === LATE) return LATE;
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  }
}
