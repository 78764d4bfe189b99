/** A promise that nobody waits for any more once `signal` has aborted: it rejects with the signal's reason. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  let aborted: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
  });
  try {
    return await Promise.race([ended, promise]);
  } finally {
    signal.removeEventListener('abort', aborted);
    // What comes of it now is nobody's business.
    promise.catch(() => undefined);
  }
}
