/** Ends something at a caller's word, or when its time is over; says which. */
export class TimeLimit implements Disposable {
  readonly signal: AbortSignal;
  readonly #timeout = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number, cancelled: AbortSignal) {
    this.#timer = setTimeout(() => this.#timeout.abort(), timeoutMs);
    this.signal = AbortSignal.any([this.#timeout.signal, cancelled]);
  }

  get isOver(): boolean {
    return this.#timeout.signal.aborted;
  }

  /** Rejects with the signal's reason when it aborts before. */
  async within<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    signal.throwIfAborted();
    let aborted: () => void = () => undefined;
    const ended = new Promise<never>((_, reject) => {
      aborted = () => reject(signal.reason);
      signal.addEventListener('abort', aborted, { once: true });
    });
    try {
      return await Promise.race([promise, ended]);
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
