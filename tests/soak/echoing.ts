import type { Client, Input } from '@holdfast/client';
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
  #input: Input | undefined;
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
    const input = await client.openInput(session.id);
    echoing.#input = input;
    echoing.#typing = echoing.#type(input, everyMs);
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

  /** Types so many keys beside the others; resolves when the program has been given them. */
  async typeAtOnce(keys: number): Promise<void> {
    await this.#input?.write(this.#nextKeys(keys));
  }

  async #type(input: Input, everyMs: number): Promise<void> {
    while (!this.#over.signal.aborted) {
      await input.write(this.#nextKeys(1));
      await untilAborted(everyMs, this.#over.signal);
    }
  }

  #nextKeys(keys: number): Buffer {
    const first = this.#typed;
    this.#typed += keys;
    return Buffer.from(Uint8Array.from({ length: keys }, (_, index) => keyAt(first + index)));
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
