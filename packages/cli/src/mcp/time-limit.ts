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

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
