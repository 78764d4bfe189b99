/** When each event of a recording is due. Times are milliseconds of a clock that nobody sets. */
export class PlayClock {
  readonly #speed: number;
  readonly #idleLimitMs: number;
  /** When the event before was due. */
  #dueMs: number;
  #pausedSinceMs: number | undefined;

  /** A pause of the recording is at most so long, in its own seconds. */
  constructor(how: { readonly speed: number; readonly idleLimit: number | undefined }, nowMs: number) {
    this.#speed = how.speed;
    this.#idleLimitMs = (how.idleLimit ?? Number.POSITIVE_INFINITY) * 1000;
    this.#dueMs = nowMs;
  }

  get isPaused(): boolean {
    return this.#pausedSinceMs !== undefined;
  }

  /** The next event comes so many seconds after the one before. */
  follow(after: number): void {
    this.#dueMs += Math.min(after * 1000, this.#idleLimitMs) / this.#speed;
  }

  /** How long the event is to be waited for. */
  msLeft(nowMs: number): number {
    return this.#dueMs - nowMs;
  }

  /** Stands still from now on, or goes on. */
  toggle(nowMs: number): void {
    if (this.#pausedSinceMs === undefined) this.#pausedSinceMs = nowMs;
    else {
      this.#dueMs += nowMs - this.#pausedSinceMs;
      this.#pausedSinceMs = undefined;
    }
  }

  /** While it stands still: the event that is waited for was shown. The next one is so much later. */
  step(nowMs: number): void {
    this.#dueMs = nowMs;
    this.#pausedSinceMs = nowMs;
  }
}
