const ABORTED = Symbol('aborted');

/**
 * A promise that nobody waits for any more once `signal` has aborted: it rejects with the signal's reason, and `letGo` is called to give
 * up what it is about. Nothing is left on the signal when it is settled.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  letGo: () => void = () => undefined,
): Promise<T> {
  return signal ? untilAborted(promise, signal, letGo) : promise;
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, letGo: () => void): Promise<T> {
  let aborted: () => void = () => undefined;
  const ended = new Promise<typeof ABORTED>((resolve) => {
    aborted = () => resolve(ABORTED);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
  });
  try {
    const first = await Promise.race([ended, promise]);
    if (first !== ABORTED) return first;
    letGo();
    throw signal.reason;
  } finally {
    signal.removeEventListener('abort', aborted);
    // What comes of it now is nobody's business.
    promise.catch(() => undefined);
  }
}
