import type { Client, Input, InputRange, Subscription } from '@holdfast/client';
import { HoldfastError, LIMITS } from '@holdfast/protocol';
import type { PageSocket } from './page-socket.ts';

export interface PageInputOptions {
  readonly client: Client;
  readonly session: string;
  /** The page's name for what it types. */
  readonly stream: string;
  /** The daemon has known it. */
  readonly again: boolean;
  /** The viewer that leads by typing. */
  readonly viewer: Subscription;
  readonly socket: PageSocket;
  readonly failed: (error: unknown) => void;
}

/**
 * What one page types: numbered by the page, under its own name for the stream, so that any host can go on where another has
 * ended. The daemon knows which bytes it has; those that come again are dropped here.
 */
export class PageInput {
  readonly #options: PageInputOptions;
  /** Opened by the first byte: a session remembers a bounded number of streams. */
  #isOpening = false;
  #input: Input | undefined;
  #waiting: { offset: number; bytes: Buffer }[] = [];
  #waitingBytes = 0;
  #told = 0;
  /** What the page was told last to be in doubt. */
  #inDoubt: InputRange = { from: 0, to: 0 };
  #hasEnded = false;
  #isClosed = false;

  constructor(options: PageInputOptions) {
    this.#options = options;
  }

  /** Throws HoldfastError: E_INPUT_GAP, E_LIMIT. */
  type(offset: number, bytes: Buffer): void {
    if (this.#hasEnded) return;
    if (this.#input) return this.#write(this.#input, offset, bytes);
    this.#waitingBytes += bytes.length + 1;
    if (this.#waitingBytes > 2 * LIMITS.inputWindowBytes) throw overrun();
    this.#waiting.push({ offset, bytes });
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#open().catch((error: unknown) => this.#failed(error));
  }

  /** How far it is, unless the page does not read: then later. */
  tellProgress(): void {
    const { socket } = this.#options;
    if (!this.#input || this.#input.done <= this.#told || socket.isFull) return;
    this.#told = this.#input.done;
    socket.say({ type: 'inputDone', offset: this.#told });
  }

  /** What the daemon has is typed all the same; the page sends the rest again, to whichever host it finds. */
  close(): void {
    this.#isClosed = true;
    void this.#input?.close();
  }

  async #open(): Promise<void> {
    const { client, session, stream, again, viewer } = this.#options;
    const onUnknown = (range: InputRange) => this.#tellUnknown(range);
    const input = await client.openInput(session, { stream, again, viewer, onUnknown });
    if (this.#isClosed) return void input.close();
    input.onDone = () => this.tellProgress();
    this.#input = input;
    this.tellProgress();
    for (const { offset, bytes } of this.#waiting) this.#write(input, offset, bytes);
    this.#waiting = [];
    return undefined;
  }

  #write(input: Input, offset: number, bytes: Buffer): void {
    const expected = input.endOffset;
    if (offset > expected) {
      const gap = `input at ${offset} came, but ${expected} was expected`;
      throw new HoldfastError('E_INPUT_GAP', gap);
    }
    const fresh = bytes.subarray(expected - offset);
    if (fresh.length === 0) return;
    if (input.bufferedBytes + fresh.length > LIMITS.inputWindowBytes) throw overrun();
    const range = { from: expected, to: expected + fresh.length };
    input.write(fresh).catch((error: unknown) => {
      // The host ends: the daemon knows how far it is, and whoever sends it again.
      if (this.#isClosed || this.#options.client.state === 'closed') return;
      if (!(error instanceof HoldfastError) || error.code !== 'E_INPUT_UNKNOWN') return this.#failed(error);
      // Unless the very bytes were told.
      const { from, to } = this.#inDoubt;
      if (from >= range.to || to <= range.from) this.#tellUnknown(range);
    });
  }

  #tellUnknown(range: InputRange): void {
    if (this.#isClosed) return;
    this.#inDoubt = range;
    this.#options.socket.say({ type: 'inputUnknown', from: range.from, to: range.to });
  }

  /** The end of the session is told by its output, which the page may be far behind of. */
  #failed(error: unknown): void {
    if (error instanceof HoldfastError && (error.code === 'E_EXITED' || error.code === 'E_NO_SESSION'))
      this.#hasEnded = true;
    else this.#options.failed(error);
  }
}

function overrun(): HoldfastError {
  const why = `more than ${LIMITS.inputWindowBytes} bytes of input that are not done`;
  return new HoldfastError('E_INPUT_GAP', why);
}
