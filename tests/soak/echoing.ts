import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import { eventually, type TestDaemon } from '@holdfast/testkit';

/** More than is ever typed. */
const ENDLESS = Number.MAX_SAFE_INTEGER;
const READY = 'ready';
/** For the last echo, on a busy machine. */
const PATIENCE_MS = 30_000;

/** A session that is typed into without end, and gives back what it was typed. Keeps nothing but the number of the key. */
export class Echoing {
  readonly session: Session;
  readonly #faults: string[] = [];
  #typing: Promise<void> = Promise.resolve();
  readonly #over = new AbortController();
  #isReady = false;
  #typed = 0;
  #echoed = 0;

  static async begin(daemon: TestDaemon, client: Client, everyMs: number): Promise<Echoing> {
    const session = await daemon.open('raw-echo.py', [ENDLESS]);
    const echoing = new Echoing(session);
    await client.subscribe(session.id, {
      from: 'start',
      mode: 'viewer',
      onData: (bytes, offset) => echoing.#check(bytes, offset),
    });
    // Before that its terminal echoes as well.
    await eventually('a program that echoes', () => echoing.#isReady, PATIENCE_MS);
    echoing.#typing = echoing.#type(client, everyMs);
    return echoing;
  }

  private constructor(session: Session) {
    this.session = session;
  }

  /** Stops typing; resolves when everything has come back, with what was wrong. */
  async end(): Promise<{ readonly typed: number; readonly faults: readonly string[] }> {
    this.#over.abort();
    await this.#typing;
    await eventually('the last echo', () => this.#echoed >= this.#typed, PATIENCE_MS).catch(() =>
      this.#faults.push(`${this.session.id}: ${this.#typed} bytes were typed, ${this.#echoed} came back`),
    );
    return { typed: this.#typed, faults: this.#faults };
  }

  async #type(client: Client, everyMs: number): Promise<void> {
    const input = await client.openInput(this.session.id);
    while (!this.#over.signal.aborted) {
      const key = Buffer.of(keyAt(this.#typed));
      this.#typed += 1;
      await input.write(key);
      await untilAborted(everyMs, this.#over.signal);
    }
  }

  #check(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length - READY.length;
    this.#isReady ||= end >= 0;
    this.#echoed = Math.max(0, end);
    const wrong = bytes.findIndex((byte, index) => {
      const key = offset + index - READY.length;
      return key >= 0 && byte !== keyAt(key);
    });
    if (wrong < 0 || this.#faults.length > 0) return;
    const key = offset + wrong - READY.length;
    this.#faults.push(`${this.session.id}: key ${key} came back as ${bytes[wrong]}`);
  }
}

/** A letter, another one for each key near it. */
function keyAt(key: number): number {
  return 0x61 + (key % 26);
}

function untilAborted(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
