import type { Client } from '../client.ts';

/** Between two looks, at least: people wait for what takes seconds. */
const LOOK_EVERY_MS = 100;
/** A screen that takes long to make, as a flood's, is looked at less often: for a tenth of the time at most. */
const IDLE_SHARE = 9;

/** Looks at a session's screen when output has come, and not all the time while it comes. */
export class ScreenWatch {
  readonly #client: Client;
  readonly #session: string;
  readonly #isFound: (text: string) => boolean;
  #isLooking = false;
  #isDue = false;
  #isOver = false;
  #incomplete: readonly string[] = [];
  #offset = 0;

  constructor(client: Client, session: string, isFound: (text: string) => boolean) {
    this.#client = client;
    this.#session = session;
    this.#isFound = isFound;
  }

  /** There is more to be seen: calls back if it is found, now or when it is looked at next; or if looking for it has failed. */
  outputCame(found: () => void, failed: (error: unknown) => void): void {
    this.#isDue = true;
    if (!this.#isLooking) this.#lookOnAndOff(found).catch(failed);
  }

  /** Why the screen that was looked at last may differ from what a terminal shows that was always there; empty if it does not. */
  get incomplete(): readonly string[] {
    return this.#incomplete;
  }

  /** The end of the output that the screen shows that was looked at last. */
  get offset(): number {
    return this.#offset;
  }

  /** Nobody waits any more. */
  close(): void {
    this.#isOver = true;
  }

  /** Whether it is to be seen now; false, too, if the daemon can't make screens. Throws what looking for it throws. */
  async look(): Promise<boolean> {
    const text = await this.#screen();
    return text !== undefined && this.#isFound(text);
  }

  async #screen(): Promise<string | undefined> {
    try {
      const asked = { session: this.#session, format: 'text' } as const;
      const { text, incomplete, offset } = await this.#client.request('capture', asked);
      this.#incomplete = incomplete;
      this.#offset = offset;
      return text;
    } catch {
      // E_UNKNOWN_REQUEST: an earlier daemon. E_DISCONNECTED, E_TIMEOUT: there will be more output, or its end.
      return undefined;
    }
  }

  async #lookOnAndOff(found: () => void): Promise<void> {
    this.#isLooking = true;
    while (this.#isDue && !this.#isOver) {
      this.#isDue = false;
      const begunMs = performance.now();
      if (await this.look()) return found();
      const tookMs = performance.now() - begunMs;
      await new Promise((resolve) => setTimeout(resolve, Math.max(LOOK_EVERY_MS, tookMs * IDLE_SHARE)));
    }
    this.#isLooking = false;
  }
}
