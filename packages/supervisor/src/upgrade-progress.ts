import type { Client, Timer } from '@holdfast/client';
import { correctManifest, inFlight } from './manifest.ts';
import type { Surroundings } from './surroundings.ts';

const ASK_EVERY_MS = 100;
const ANSWER_MS = 3_000;

/**
 * Sees to it, until it is disposed of, that the manifest tells how far the upgrade is for which this client waits: whoever can't ask the
 * daemon, since it stands or has gone, finds there who was about to take over.
 */
export class UpgradeProgress implements Disposable {
  readonly #surroundings: Surroundings;
  readonly #client: Client;
  #timer: Timer | undefined;
  #isDisposed = false;

  /** `available`: the build that was asked for; null: whatever the file is. */
  constructor(surroundings: Surroundings, client: Client, available: string | null) {
    this.#surroundings = surroundings;
    this.#client = client;
    const since = new Date().toISOString();
    correctManifest(surroundings.home, client, { available, since, phase: null, successor: null });
    this.#askLater();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.cancel();
  }

  #askLater(): void {
    this.#timer = this.#surroundings.connector.after(ASK_EVERY_MS, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    try {
      const { daemon, upgrade } = await this.#client.request('status', {}, { timeoutMs: ANSWER_MS });
      if (this.#isDisposed) return;
      const serving = { daemon, protocol: this.#client.protocol };
      // Daemons of earlier versions say nothing of it.
      correctManifest(this.#surroundings.home, serving, upgrade ? inFlight(upgrade) : 'asBefore');
    } catch {
      // Whoever waits for the upgrade learns of it.
    }
    if (!this.#isDisposed && this.#client.state === 'connected') this.#askLater();
  }
}
