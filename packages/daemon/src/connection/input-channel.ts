import { HoldfastError } from '@holdfast/protocol';
import type { InputRange } from '../history/ledger.ts';
import type { InputListener, InputStream } from '../session/input-queue.ts';
import type { Session } from '../session/session.ts';
import type { SuspendedInputChannel } from './suspended-connection.ts';

/** A stream by its client's name for it, or by the key under which a predecessor knew it, and who was told of its progress. */
export type InputStreamName = { readonly id: string } | { readonly key: string; readonly isTold: boolean };

/** One client's way to type into one session. */
export class InputChannel implements InputListener {
  readonly channel: number;
  readonly session: Session;
  /** Channel of the viewer that types. */
  readonly viewer: number | undefined;
  readonly #stream: InputStream;
  readonly #progressed: () => void;
  #acknowledged: number;
  readonly #stopListening: () => void;
  readonly #afterInput: ((isTyped: boolean) => void)[] = [];

  /** Throws HoldfastError: E_EXITED, E_LIMIT. */
  constructor(options: {
    channel: number;
    session: Session;
    stream: InputStreamName;
    viewer: number | undefined;
    /** `done` has moved. */
    progressed: () => void;
    /** The program has ended: what is not done never will be. */
    ended: () => void;
  }) {
    this.channel = options.channel;
    this.session = options.session;
    this.viewer = options.viewer;
    this.#progressed = options.progressed;
    if (this.session.hasExited)
      throw new HoldfastError('E_EXITED', `session ${this.session.name} has exited`);
    const { stream, session } = options;
    this.#stream =
      'id' in stream
        ? session.input.open(stream.id, this, performance.now())
        : session.input.reattach(stream.key, stream.isTold ? this : undefined);
    this.#acknowledged = this.#stream.done;
    this.#stopListening = this.session.onExit(() => {
      for (const callback of this.#afterInput.splice(0)) callback(false);
      options.ended();
    });
  }

  /** For a successor. */
  suspend(): SuspendedInputChannel {
    const { key, listener } = this.#stream;
    const { channel, session, viewer } = this;
    const isTold = listener === this;
    return { channel, session: session.id, stream: key, isTold, ...(viewer === undefined ? {} : { viewer }) };
  }

  get received(): number {
    return this.#stream.received;
  }

  get done(): number {
    return this.#stream.done;
  }

  /** Bytes of it that a daemon was typing when it was killed. */
  get unknown(): InputRange | undefined {
    return this.#stream.unknown;
  }

  /** Bytes that are done and that the client has not been told of. */
  get unacknowledged(): number {
    return this.#stream.done - this.#acknowledged;
  }

  /** What is to be acknowledged now; it counts as told. */
  takeProgress(): number {
    this.#acknowledged = this.#stream.done;
    return this.#acknowledged;
  }

  /** `isTyped`: else nobody is to have them. Throws HoldfastError(E_INPUT_GAP). What comes after the program's end is dropped: the client is told of that. */
  accept(offset: number, bytes: Uint8Array, isTyped: boolean): void {
    if (this.session.hasExited) return;
    const { input } = this.session;
    if (isTyped) input.accept(this.#stream, offset, bytes);
    else input.skip(this.#stream, offset, bytes);
    try {
      this.session.writeInput();
    } finally {
      input.keep();
    }
  }

  progressed(): void {
    this.#progressed();
    if (this.#stream.done < this.#stream.received) return;
    for (const callback of this.#afterInput.splice(0)) callback(true);
  }

  /** Resolves with true when everything received has been typed, with false when the program has ended or this is closed. */
  untilDone(): Promise<boolean> {
    if (this.session.hasExited) return Promise.resolve(false);
    if (this.#stream.done === this.#stream.received) return Promise.resolve(true);
    return new Promise((resolve) => this.#afterInput.push(resolve));
  }

  close(): void {
    this.#stopListening();
    for (const callback of this.#afterInput.splice(0)) callback(false);
    this.session.input.detach(this.#stream, this);
  }
}
