import { Client, netConnector } from '@holdfast/client';
import type { TestDaemon } from '@holdfast/testkit';

const EVERY_MS = 1;

/** Connects and says hello each millisecond, whether or not those before have been answered, until it is stopped. */
export class ConnectLoop {
  /** Those that were greeted. */
  greeted = 0;
  /** What went wrong with the others. */
  readonly failures: string[] = [];
  readonly #socketPath: string;
  readonly #waiting = new Set<Promise<void>>();
  readonly #timer = setInterval(() => this.#begin(), EVERY_MS);

  constructor(daemon: TestDaemon) {
    this.#socketPath = daemon.home.paths.socketPath;
  }

  /** Resolves when all that were begun are greeted, or have failed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#waiting);
  }

  #begin(): void {
    const connecting = this.#connect()
      .catch((error: unknown) => void this.failures.push(String(error)))
      .finally(() => this.#waiting.delete(connecting));
    this.#waiting.add(connecting);
  }

  async #connect(): Promise<void> {
    const connector = netConnector(this.#socketPath);
    const client = await Client.connect({ connector, name: 'each moment', reconnect: false });
    // A hang-up would be noticed by what is asked next.
    await client.request('status', {});
    this.greeted += 1;
    client.close();
  }
}
