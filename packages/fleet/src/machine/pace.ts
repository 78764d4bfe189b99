import { FLEET_LIMITS } from '../limits.ts';

/**
 * Keeps a connection to the servers from being given more than they take: what is published is kept by the connection until then,
 * and those who grant it may be many, and may grant without reading.
 */
export class Pace {
  readonly #flush: () => Promise<void>;
  #untakenBytes = 0;
  #isFlushing = false;
  #waiting = new Set<() => void>();

  /** `flush`: resolves when the servers have taken all that was published before; rejects with the connection. */
  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  /** So much was published. */
  sent(bytes: number): void {
    this.#untakenBytes += bytes;
    if (this.#untakenBytes >= FLEET_LIMITS.untakenBytes / 4) void this.#measure();
  }

  /** Whether more may be published now. If not, `goOn` is called when it may be worth another look. */
  isFree(goOn: () => void): boolean {
    if (this.#untakenBytes < FLEET_LIMITS.untakenBytes) return true;
    this.#waiting.add(goOn);
    return false;
  }

  async #measure(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    const bytes = this.#untakenBytes;
    await this.#flush().catch(() => undefined); // The connection is lost, and with it what it kept.
    this.#isFlushing = false;
    this.#untakenBytes -= bytes;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const goOn of waiting) goOn();
    if (this.#untakenBytes >= FLEET_LIMITS.untakenBytes / 4) void this.#measure();
  }
}
