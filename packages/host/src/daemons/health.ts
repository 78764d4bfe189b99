import type { Client } from '@holdfast/client';
import type { DaemonIdentity } from '@holdfast/protocol';

/** What was found out is believed for so long. */
const BELIEVED_MS = 1_000;
/** A daemon that has not answered by then can't be reached, whatever it does. */
const ANSWER_MS = 3_000;
/** How often it is looked while somebody wants to be told. */
const LOOK_MS = 2_000;

export interface HealthReport {
  readonly reachable: boolean;
  /** For how long it has not been reached; null while it is. */
  readonly unreachableForMs: number | null;
}

/** Whether a daemon answers. Asking never waits: it is told what was known last, and found out again meanwhile. */
export class Health {
  readonly #connect: () => Promise<Client>;
  readonly #listeners = new Set<() => void>();
  #daemon: DaemonIdentity | undefined;
  #isReachable = false;
  #unreachableSinceMs = performance.now();
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(connect: () => Promise<Client>) {
    this.#connect = connect;
  }

  get report(): HealthReport {
    this.#askIfOld();
    if (this.#isReachable) return { reachable: true, unreachableForMs: null };
    return { reachable: false, unreachableForMs: Math.round(performance.now() - this.#unreachableSinceMs) };
  }

  /** The daemon that answered last; undefined if none ever has. */
  get daemon(): DaemonIdentity | undefined {
    this.#askIfOld();
    return this.#daemon;
  }

  /** Tells of each change of what is reachable, or of who answers, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#askIfOld(), LOOK_MS).unref();
    this.#askIfOld();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** Asks now; resolves when it is known. */
  async ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      this.#askedAtMs = performance.now();
    });
    await this.#asking;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #askIfOld(): void {
    if (performance.now() - this.#askedAtMs > BELIEVED_MS) void this.ask();
  }

  async #ask(): Promise<void> {
    const wasReachable = this.#isReachable;
    const before = this.#daemon?.pid;
    try {
      const client = await this.#connect();
      this.#daemon = (await client.request('status', {}, { timeoutMs: ANSWER_MS })).daemon;
      this.#isReachable = true;
    } catch {
      // Whatever the reason is, it can't be reached.
      if (wasReachable) this.#unreachableSinceMs = performance.now();
      this.#isReachable = false;
    }
    if (this.#isReachable === wasReachable && this.#daemon?.pid === before) return;
    for (const listener of this.#listeners) listener();
  }
}
