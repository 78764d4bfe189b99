/**
 * A promise that nobody waits for any more once `signal` has aborted: it rejects with the signal's reason, and `letGo` is called to give
 * up what it is about, before `abort` returns. Nothing is left on the signal when it is settled.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  letGo: () => void = () => undefined,
): Promise<T> {
  return signal ? untilAborted(promise, signal, letGo) : promise;
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal, letGo: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      reject(signal.reason);
      letGo();
    };
    const settle = (outcome: () => void) => {
      signal.removeEventListener('abort', aborted);
      outcome();
    };
    // Once it has aborted, what comes of it is nobody's business: a promise is settled once.
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}
