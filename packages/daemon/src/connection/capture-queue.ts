import { HoldfastError, LIMITS } from '@holdfast/protocol';

/**
 * Captures of one connection, one after the other: each takes its time in another thread, and its answer may have megabytes.
 * So whoever asks for many waits for its own, and whoever does not read what it asked for gets no more.
 */
export class CaptureQueue {
  readonly #waiting: (() => void)[] = [];
  /** Whether enough of the last answer has been taken. */
  readonly #mayGoOn: () => boolean;
  #isBusy = false;

  constructor(mayGoOn: () => boolean) {
    this.#mayGoOn = mayGoOn;
  }

  /** Carries it out when it is its turn; never, if this is closed before. Rejects with HoldfastError(E_LIMIT). */
  add<Result>(capture: () => Promise<Result>): Promise<Result> {
    if (this.#waiting.length >= LIMITS.capturesPerClient) {
      const why = `a connection has at most ${LIMITS.capturesPerClient} captures that wait`;
      return Promise.reject(new HoldfastError('E_LIMIT', why));
    }
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        const result = capture();
        resolve(result);
        void result.catch(() => undefined).then(() => this.#done());
      });
      this.goOn();
    });
  }

  /** Begins the next one, if that may be now. */
  goOn(): void {
    if (this.#isBusy || !this.#mayGoOn()) return;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#isBusy = true;
    next();
  }

  /** The client has gone. */
  close(): void {
    this.#waiting.length = 0;
  }

  #done(): void {
    this.#isBusy = false;
    this.goOn();
  }
}
