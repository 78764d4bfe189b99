/** What waits for one slow reader: of each key only the newest, in the order in which the keys came. */
export class Mailbox<T> {
  readonly #waiting = new Map<string, T>();
  readonly #signal: AbortSignal;
  #wake: () => void = () => {};

  /** Reading ends when the signal does. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  put(key: string, value: T): void {
    this.#waiting.delete(key);
    this.#waiting.set(key, value);
    this.#wake();
  }

  clear(): void {
    this.#waiting.clear();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    const signal = this.#signal;
    const ended = () => this.#wake();
    signal.addEventListener('abort', ended, { once: true });
    try {
      while (!signal.aborted) {
        const [next] = this.#waiting;
        if (next) {
          this.#waiting.delete(next[0]);
          yield next[1];
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      // A signal may see many of them come and go.
      signal.removeEventListener('abort', ended);
    }
  }
}
