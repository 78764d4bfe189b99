import { createHash } from 'node:crypto';
import { within } from '@holdfast/testkit';
import type { TestHost } from './test-host.ts';
import { TestPage } from './test-page.ts';

const RETRY_MS = 50;
const WINDOW_BYTES = 64 * 1024;
const FRAME_BYTES = 8 * 1024;

/**
 * A page that goes on whatever happens to its host: it attaches again by its offset, and sends again what it typed and was not told to be done.
 * All output from offset 0 on is hashed as it comes.
 */
export class PersistentPage {
  readonly #host: Pick<TestHost, 'at'>;
  readonly #session: string;
  readonly #typed: Buffer;
  readonly #hash = createHash('sha256');
  #offset = 0;
  #done = 0;
  #reconnects = -1;
  #page: TestPage | undefined;
  #isOver = false;
  /** Resolves when the session has exited and all of it has come. Rejects with what is wrong. */
  readonly ended: Promise<void>;

  /** `typed`: what it types, as fast as that is taken. */
  constructor(host: Pick<TestHost, 'at'>, session: string, typed: Buffer = Buffer.alloc(0)) {
    this.#host = host;
    this.#session = session;
    this.#typed = typed;
    this.ended = this.#run();
    // It may be wrong before anybody waits for the end.
    this.ended.catch(() => undefined);
  }

  get offset(): number {
    return this.#offset;
  }

  /** Bytes typed that were told to have arrived. */
  get done(): number {
    return this.#done;
  }

  get reconnects(): number {
    return this.#reconnects;
  }

  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  close(): void {
    this.#isOver = true;
    this.#page?.[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const code = await this.#connection();
      if (code === 1000) return;
      if (code >= 4400 && code !== 4503 && code !== 4408) throw new Error(`closed for good: ${code}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #connection(): Promise<number> {
    const stream = this.#typed.length > 0 ? { stream: `stream-of-${this.#session}` } : {};
    const page = new TestPage(this.#host.at, this.#session, { from: this.#offset, ...stream });
    this.#page = page;
    let sent = this.#done;
    const type = () => {
      const limit = Math.min(this.#typed.length, this.#done + WINDOW_BYTES);
      // The whole window, not a block a message: nothing answers bytes that had arrived already.
      for (sent = Math.max(sent, this.#done); sent < limit; ) {
        const end = Math.min(limit, sent + FRAME_BYTES);
        page.type(sent, this.#typed.subarray(sent, end));
        sent = end;
      }
    };
    page.onBytes = (bytes, offset) => {
      if (offset !== this.#offset) throw new Error(`output at ${offset} instead of ${this.#offset}`);
      this.#hash.update(bytes);
      this.#offset = offset + bytes.length;
      type();
    };
    page.onMessage = ({ type: kind, offset }) => {
      if (kind === 'resync') throw new Error('output was skipped');
      if (kind === 'inputUnknown') throw new Error('input is in doubt');
      if (kind === 'inputDone') this.#done = Math.max(this.#done, Number(offset));
      if (kind === 'attached') this.#reconnects += 1;
      type();
    };
    return within('the end of a connection', page.closed, 120_000);
  }
}
