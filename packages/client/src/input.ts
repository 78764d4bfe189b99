import {
  DATA_HEADER_BYTES,
  type Event,
  FRAME,
  HoldfastError,
  LIMITS,
  type RequestResult,
  type Session,
  writeDataHeader,
} from '@holdfast/protocol';
import type { ChannelWiring } from './channel-wiring.ts';
import { abortable } from './abortable.ts';
import { protocolError } from './failure.ts';
import type { Link } from './link.ts';
import type { Subscription } from './subscription.ts';
import { WriteQueue } from './write-queue.ts';

/** Bytes kept for one input: a program that reads nothing must not fill this process's memory with what is typed. */
const BUFFER_BYTES = 16 * 1024 * 1024;

/** Bytes of a stream, by their offsets in it. */
export interface InputRange {
  /** Offset of the first. */
  readonly from: number;
  /** Offset behind the last. */
  readonly to: number;
}

/** How an input is opened; all of it may be left out. */
export interface InputOptions {
  /** The stream's name, 8 to 64 characters; only one who goes on where another process stopped has a reason to give it. */
  readonly stream?: string;
  /** Which of this client's viewers types. */
  readonly viewer?: Subscription;
  /** Something was sent on that stream before: refused as E_INPUT_UNKNOWN, and not begun anew, if the session does not know it any more. */
  readonly again?: boolean;
  /**
   * Called with bytes of which nobody can say whether they were typed, after a crash; they never will be again. Writes that have
   * one of them reject with E_INPUT_UNKNOWN, too. Also told, when the input is opened, is what another process wrote on the stream.
   */
  readonly onUnknown?: (range: InputRange) => void;
  /** Gives up opening it. Of no meaning once it is open: `close` ends it then. */
  readonly signal?: AbortSignal | undefined;
}

type InputEvent = Extract<Event, { event: 'inputUnknown' | 'inputClosed' }>;

/**
 * Numbered input to one session: in order, and never typed twice, across any number of disconnects.
 *
 *   done ≤ sent ≤ end      sent - done ≤ the window; after a reconnect `sent` goes back to what the daemon received
 */
export class Input {
  /** Called when `bufferedBytes` falls to the window (256 KiB) or below it, after it was above. */
  onDrain: () => void = () => {};

  /** Called when `done` has moved. */
  onDone: (done: number) => void = () => {};

  readonly #link: Link;
  readonly #channel: number;
  readonly #stream: string;
  readonly #viewer: number | undefined;
  readonly #isBegun: boolean;
  readonly #onUnknown: (range: InputRange) => void;
  readonly #opened: ChannelWiring<Input>['opened'];
  readonly #forget: () => void;
  readonly #queue = new WriteQueue();
  #state: 'opening' | 'open' | 'over' = 'opening';
  #isAttached = false;
  #isCongested = false;
  #ref: string;
  #session: Session | undefined;
  /** Next byte to put on the wire. */
  #sent = 0;
  #done = 0;
  /** Bytes that were put on a wire at least once. */
  #everSent = 0;
  #failure: HoldfastError | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  #onSent: () => void = () => {};

  /** Made by `Client.openInput`; `opened` is called once, with this or with the error. */
  constructor(wiring: ChannelWiring<Input>, session: string, options: InputOptions) {
    this.#link = wiring.link;
    this.#channel = wiring.channel;
    this.#opened = wiring.opened;
    this.#forget = wiring.forget;
    this.#ref = session;
    this.#stream = options.stream ?? crypto.randomUUID();
    this.#viewer = options.viewer?.channel;
    this.#isBegun = options.again ?? false;
    this.#onUnknown = options.onUnknown ?? (() => {});
  }

  /** The session as it was when the input was last opened. */
  get session(): Session {
    if (!this.#session) throw new Error('the input is not open yet');
    return this.#session;
  }

  /** Offset in the stream behind the last byte that was written: at first what another process had typed on it. */
  get endOffset(): number {
    return this.#queue.end;
  }

  /** Everything in the stream before it has reached the program's terminal, or is known to be in doubt. */
  get done(): number {
    return this.#done;
  }

  /** Bytes written that are not done. */
  get bufferedBytes(): number {
    return this.#queue.end - this.#queue.done;
  }

  /**
   * Types a copy of `bytes`; resolves when all of it has reached the program's terminal, in the order of writes.
   * Rejects with E_EXITED or E_NO_SESSION when the session is over and none of it was typed that `done` does not cover, E_INPUT_UNKNOWN
   * when nobody can say whether a byte of it was typed, E_DISCONNECTED when none was and none will be, E_LIMIT when 16 MiB are waiting already.
   * With the reason of `signal`, when that aborts: it is typed all the same, unless that had happened before.
   */
  write(bytes: Uint8Array, { signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.bufferedBytes >= BUFFER_BYTES) {
      return Promise.reject(
        new HoldfastError('E_LIMIT', `${BUFFER_BYTES} bytes of input are waiting already`),
      );
    }
    const written = this.#queue.append(bytes);
    this.#lastWrite = written;
    this.#pump();
    return abortable(written, signal);
  }

  /**
   * End of input: once all writes are settled, types the terminal's end-of-file character if the terminal is in
   * canonical mode. `midLine`: the last byte written does not end a line. Resolves with whether it was typed, as soon as the
   * terminal had room for it. If the connection is lost before that is known, it is asked for again on the next one: a
   * program may be told of its end twice, never not at all. Rejects with the reason when the input is over; with that of `signal`, when
   * that aborts: it may be typed all the same.
   */
  async end({ midLine, signal }: { midLine: boolean; signal?: AbortSignal | undefined }): Promise<boolean> {
    signal?.throwIfAborted();
    await abortable(
      this.#lastWrite.catch(() => {}),
      signal,
    ); // The writer has that error.
    let giveUp: () => void = () => undefined;
    const ended = new Promise<boolean>((resolve, reject) => {
      const ask = () => {
        if (this.#failure) return reject(this.#failure);
        giveUp = this.#link.request(
          'endInput',
          { channel: this.#channel, midLine },
          {
            ok: ({ typed }: RequestResult<'endInput'>) => resolve(typed),
            failed: (error) => (error.code === 'E_DISCONNECTED' ? ask() : reject(this.#failure ?? error)),
          },
          null,
        );
        return undefined;
      };
      ask();
    });
    return abortable(ended, signal, () => giveUp());
  }

  /** Bytes written that the daemon may not have got: they are lost if this process ends now. */
  get unsentBytes(): number {
    if (this.#state === 'over') return 0;
    return this.#isAttached ? this.#queue.end - this.#sent : this.bufferedBytes;
  }

  /**
   * Gives it up as soon as the daemon has got all that was written: it types that although nobody waits for it any
   * more. Resolves then, or when the input is over for another reason.
   */
  async release(): Promise<void> {
    if (this.#state !== 'over' && this.unsentBytes > 0) {
      await new Promise<void>((resolve) => {
        this.#onSent = resolve;
      });
    }
    // Answered behind everything that was sent before.
    await this.close();
  }

  /** Gives it up; writes that are not done are rejected. Resolves when the daemon has let go. */
  close(): Promise<void> {
    if (this.#state === 'over') return Promise.resolve();
    return this.#letGo(new HoldfastError('E_DISCONNECTED', 'the input was closed'));
  }

  /** @internal A connection is there: open the same stream on it. */
  attach(): void {
    if (this.#state === 'over') return this.#forget();
    this.#link.request(
      'openInput',
      {
        session: this.#ref,
        channel: this.#channel,
        stream: this.#stream,
        viewer: this.#viewer,
        ...(this.#isBegun || this.#everSent > 0 ? { again: true } : {}),
      },
      { ok: (result) => this.#attached(result), failed: (error) => this.#refused(error) },
    );
  }

  /** @internal The connection is gone. */
  detach(): void {
    this.#isAttached = false;
  }

  /** @internal The daemon's acknowledgement: all before `offset` has reached the program's terminal. */
  acknowledged(offset: number): void {
    if (this.#state === 'over') return;
    if (!this.#isAttached || offset > this.#sent) {
      throw protocolError(`input is acknowledged up to ${offset}, but ${this.#sent} bytes were sent`);
    }
    this.#settle(offset);
    this.#pump();
  }

  /** @internal */
  event(event: InputEvent): void {
    if (this.#state === 'over') return;
    if (event.event === 'inputClosed') {
      if (event.done > this.#everSent)
        throw protocolError(`${event.done} bytes are done, but ${this.#everSent} were sent`);
      this.#settle(event.done);
      const ended = new HoldfastError('E_EXITED', 'the session has exited');
      // Now it is certain of each byte whether it was typed.
      this.#queue.rejectAll(ended, { sent: 0, unknown: ended });
      void this.#letGo(ended);
      return;
    }
    const { from, to } = event;
    // While it is opened, it is not known yet how much another process has sent.
    if (to < from || (this.#state === 'open' && to > this.#everSent)) {
      throw protocolError(`input from ${from} to ${to} is unknown, but ${this.#everSent} bytes were sent`);
    }
    // The daemon says it again each time that the stream is opened.
    if (to <= this.#done) return;
    this.#queue.rejectRange({ from, to }, unknown(`${to - from} bytes of input at ${from}`));
    this.#onUnknown({ from, to });
  }

  /** @internal The connection takes more again. */
  drained(): void {
    this.#isCongested = false;
    this.#pump();
  }

  /** @internal No connection will come any more. */
  abandon(error: HoldfastError): void {
    this.#isAttached = false;
    this.#fail(error);
  }

  #attached({ session, received, done }: RequestResult<'openInput'>): void {
    if (this.#state === 'over') return;
    this.#session = session;
    this.#ref = session.id;
    if (this.#state === 'opening') {
      // A stream that another process began goes on where it was.
      this.#queue.startAt(received);
      this.#everSent = received;
    }
    if (done > received || received < this.#queue.done || received > this.#everSent) {
      void this.#letGo(forgotten());
      return;
    }
    this.#isAttached = true;
    this.#isCongested = false;
    this.#sent = received;
    this.#settle(done);
    if (this.#state === 'opening') {
      this.#state = 'open';
      this.#opened(this);
    }
    this.#pump();
  }

  #refused(error: HoldfastError): void {
    // A lost connection is followed by another one, or by `abandon`.
    if (this.#state === 'over' || error.code === 'E_DISCONNECTED') return;
    // Of what was sent nobody knows, but the rest is known not to be typed.
    const isForgotten = error.code === 'E_INPUT_UNKNOWN' && this.#state === 'open';
    void this.#letGo(isForgotten ? forgotten() : error);
  }

  #letGo(error: HoldfastError): Promise<void> {
    this.#isAttached = false;
    this.#fail(error);
    return new Promise((resolve) => {
      const gone = () => {
        this.#forget();
        resolve();
      };
      if (!this.#link.isUp) return gone();
      this.#link.request('closeInput', { channel: this.#channel }, { ok: gone, failed: gone });
    });
  }

  #fail(error: HoldfastError): void {
    if (this.#state === 'over') return;
    const wasOpening = this.#state === 'opening';
    this.#state = 'over';
    this.#failure = error;
    this.#onSent();
    const doubt = unknown(`input that was sent and not acknowledged (${error.message})`);
    this.#queue.rejectAll(error, { sent: this.#everSent, unknown: doubt });
    if (wasOpening) this.#opened(error);
  }

  #settle(done: number): void {
    if (done > this.#done) {
      this.#done = done;
      this.onDone(done);
    }
    if (done <= this.#queue.done) return;
    const wasAbove = this.bufferedBytes > LIMITS.inputWindowBytes;
    this.#queue.settle(done);
    if (wasAbove && this.bufferedBytes <= LIMITS.inputWindowBytes) this.onDrain();
  }

  /** Sends what the window and the connection allow. */
  #pump(): void {
    while (this.#isAttached && !this.#isCongested) {
      const windowEnd = Math.min(this.#queue.done + LIMITS.inputWindowBytes, this.#queue.end);
      const byteCount = Math.min(windowEnd - this.#sent, LIMITS.dataFrameBytes);
      if (byteCount <= 0) break;
      const frame = new Uint8Array(DATA_HEADER_BYTES + byteCount);
      const header = { type: FRAME.INPUT, channel: this.#channel, offset: this.#sent, byteCount };
      writeDataHeader(frame, header);
      this.#queue.copy(this.#sent, frame.subarray(DATA_HEADER_BYTES));
      this.#sent += byteCount;
      this.#everSent = Math.max(this.#everSent, this.#sent);
      this.#isCongested = !this.#link.send(frame);
    }
    if (this.unsentBytes === 0) this.#onSent();
  }
}

function forgotten(): HoldfastError {
  return new HoldfastError('E_DISCONNECTED', 'the daemon no longer knows this stream of input');
}

function unknown(what: string): HoldfastError {
  return new HoldfastError('E_INPUT_UNKNOWN', `can't know whether it was typed: ${what}`);
}
