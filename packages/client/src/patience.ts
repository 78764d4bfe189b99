/** First pause before another attempt: an upgrade or a restart is over within a few of these. */
const BACK_OFF_MIN_MS = 10;
/** Longest pause: what a user notices as "it came back at once". */
const BACK_OFF_MAX_MS = 1_000;

/**
 * How long to go on reconnecting, and how long to wait before each attempt.
 *
 * An outage begins with a lost connection and is over once a later one has proved itself: by bringing something that
 * was wanted, or by lasting longer than the longest pause. A daemon that greets and then fails each time is one
 * single outage: attempts get rarer, and end.
 */
export class Patience {
  readonly #giveUpAfterMs: number;
  readonly #now: () => number;
  #outageBegan: number | undefined;
  #connectedAt: number | undefined;
  #delayMs = BACK_OFF_MIN_MS;

  constructor(options: { giveUpAfterMs: number; now?: () => number }) {
    this.#giveUpAfterMs = options.giveUpAfterMs;
    this.#now = options.now ?? (() => process.uptime() * 1_000); // performance.now() has Node load perf_hooks
  }

  /** A connection is up, not proven yet. */
  connected(): void {
    this.#connectedAt = this.#now();
  }

  /** The connection brought something that was wanted. */
  proven(): void {
    this.#outageBegan = undefined;
    this.#delayMs = BACK_OFF_MIN_MS;
  }

  /** The connection was lost, or an attempt failed: how long to wait before the next; undefined to give up. */
  nextDelayMs(): number | undefined {
    const now = this.#now();
    if (this.#connectedAt !== undefined && now - this.#connectedAt > BACK_OFF_MAX_MS) this.proven();
    this.#connectedAt = undefined;
    this.#outageBegan ??= now;
    const remainingMs = this.#outageBegan + this.#giveUpAfterMs - now;
    if (remainingMs <= 0) return undefined;
    const delayMs = Math.min(this.#delayMs, remainingMs);
    this.#delayMs = Math.min(this.#delayMs * 2, BACK_OFF_MAX_MS);
    return delayMs;
  }

  /** How long an attempt that begins now may take; undefined when there is no outage to end. */
  remainingMs(): number | undefined {
    if (this.#outageBegan === undefined) return undefined;
    return Math.max(1, this.#outageBegan + this.#giveUpAfterMs - this.#now());
  }
}
