import type { ScreenView, ScreenViewOptions, SubscribeOptions, Subscription } from '@holdfast/client';
import { findQueries, QueryFilter } from '@holdfast/screen/queries';
import type { FdWriter } from './fd-writer.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Carries a subscription's output to a descriptor at the descriptor's pace, and acknowledges exactly what has been
 * written there.
 */
export class OutputPump {
  readonly #writer: FdWriter;
  readonly #onBytes: (bytes: Uint8Array) => void;
  readonly #filter = new QueryFilter();
  /** Where the terminal begins to answer what is asked. */
  #answersFrom = Number.POSITIVE_INFINITY;
  readonly #isTerminal: boolean;
  /** The end of what is passed, which may be the beginning of a query. */
  #unfinished: Buffer = NOTHING;
  #subscription: Subscription | ScreenView | undefined;
  /** Offset behind the last byte handed to the writer. */
  #taken = 0;
  #onIdle: (() => void)[] = [];

  /**
   * `onBytes` sees each chunk once it is written, or held back: nothing is looked at while somebody waits for its echo. `isTerminal`: what
   * reads the output may answer queries, and does so only from where it is told to.
   */
  constructor(
    writer: FdWriter,
    {
      onBytes = () => undefined,
      isTerminal = false,
    }: { onBytes?: (bytes: Uint8Array) => void; isTerminal?: boolean } = {},
  ) {
    this.#writer = writer;
    this.#onBytes = onBytes;
    this.#isTerminal = isTerminal;
    writer.onDrain = () => this.#drained();
  }

  /** The subscription's `onData`. It may be called before `bind`. */
  readonly onData: SubscribeOptions['onData'] = (bytes, offset) => {
    this.#taken = offset + bytes.length;
    const shown = this.#isTerminal ? this.#filter.push(bytes, this.#answersFrom - offset) : bytes;
    const isWritten = shown.length === 0 ? this.#writer.isIdle : this.#writer.write(shown);
    this.#onBytes(shown);
    if (!isWritten) return false;
    this.#subscription?.acknowledge(this.#taken);
    return true;
  };

  /** The subscription's `onAnswering`. */
  readonly onAnswering: NonNullable<SubscribeOptions['onAnswering']> = (from) => {
    this.#answersFrom = from ?? Number.POSITIVE_INFINITY;
  };

  /** Shows what makes room, and a screen; the output goes on from an offset. */
  begin({ room, screen, offset }: { room: string; screen: Uint8Array; offset: number }): boolean {
    this.#filter.reset();
    this.#unfinished = NOTHING;
    this.#taken = offset;
    const isWritten = this.#writer.write(Buffer.concat([Buffer.from(room), screen]));
    this.#onBytes(screen);
    return isWritten;
  }

  /** The view's `onPassed`: what the screen shows already. Nobody else answers what was asked in it while this viewer led. */
  readonly onPassed: NonNullable<ScreenViewOptions['onPassed']> = (bytes, offset) => {
    const all = Buffer.concat([this.#unfinished, bytes]);
    const answersFrom = this.#answersFrom - offset + this.#unfinished.length;
    const end = findQueries(all, (from, to) => {
      if (to > answersFrom) this.#writer.write(all.subarray(from, to));
    });
    this.#unfinished = all.subarray(end);
  };

  /** The subscription's `onGap`. Of a crash's gap the end is only a bound: output goes on where it stopped. */
  onGap({ to, reason }: { to: number; reason: 'evicted' | 'crash' }): void {
    if (reason === 'evicted') this.skipTo(to);
  }

  /** Bytes that will never come count as done. */
  skipTo(offset: number): void {
    this.#filter.reset();
    this.#taken = Math.max(this.#taken, offset);
    if (this.#writer.isIdle) this.#subscription?.acknowledge(this.#taken);
  }

  /** Tells which subscription it is that calls `onData`. */
  bind(subscription: Subscription | ScreenView): void {
    this.#subscription = subscription;
    if (this.#writer.isIdle) this.#drained();
  }

  /** Resolves when all that was taken has been written. */
  whenIdle(): Promise<void> {
    if (this.#writer.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #drained(): void {
    if (this.#taken > 0) this.#subscription?.acknowledge(this.#taken);
    this.#subscription?.resume();
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resolve of waiting) resolve();
  }
}
