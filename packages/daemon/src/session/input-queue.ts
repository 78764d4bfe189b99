import { HoldfastError, LIMITS } from '@holdfast/protocol';
import { isErrno, WOULD_BLOCK, writeAt, addressOf } from '@holdfast/posix';
import { testPoint } from '../test-points.ts';
import { type InputRange, type Ledger, streamKey } from '../history/ledger.ts';
import type { Packing, Unpacking } from './luggage.ts';
import type { SuspendedInput } from './suspended-session.ts';

/** One write to a master. After a crash its fate is unknown, so it is small. */
const WRITE_BYTES = 4096;

/** Writes to one terminal before others get their turn: each may be a single key. */
const WRITES_PER_TURN = 128;
/** Pieces that have been typed and still stand in the queue. */
const TYPED_PIECES_MAX = 1024;

/** The input of one client stream to one session, counted in bytes from its beginning. */
export interface InputStream {
  readonly key: string;
  readonly slot: number;
  /** The next byte wanted from the client. */
  received: number;
  /** Bytes that the terminal has taken. */
  done: number;
  /** Who is told of progress; null while the client is away. */
  listener: InputListener | null;
  /** Channels on which it is open; those of a connection that was lost may still be among them. */
  channels: number;
  /** Bytes that were being typed when a daemon was killed: whether they were, nobody knows, and they count as done. */
  readonly unknown: InputRange | undefined;
  /** When its client came, or went: before 0 in an earlier daemon. */
  lastUsedMs: number;
}

export interface InputListener {
  /** `stream.done` has moved. */
  progressed(): void;
}

/** Answers to queries that wait for a program to read them: beyond it, a program only asks. */
const ANSWERS_BYTES_MAX = 16 * 1024;

interface Piece {
  /** Undefined for an answer, which comes from no client. */
  readonly stream: InputStream | undefined;
  bytes: Uint8Array;
  written: number;
  /** False: these only count as done. */
  readonly isTyped: boolean;
}

/**
 * What was typed and not yet taken by the terminal, in order. Bytes have numbers: those seen before are dropped, those
 * that skip some are refused, so that a client may send again whatever it is unsure of.
 */
export class InputQueue {
  readonly #ledger: Ledger;
  readonly #streams = new Map<string, InputStream>();
  readonly #queue: Piece[] = [];
  /** Pieces before it have been typed. Taking each out at once would move all behind it: seconds for many single keys. */
  #head = 0;
  #answersBytes = 0;
  /** The piece whose bytes stand where the next read of its client goes: a key is not copied only to be written. */
  #borrowed: Piece | undefined;

  /**
   * `suspended`: what a predecessor had in its queue. Else the ledger tells how far streams had come when the daemon before
   * this one was killed; what it had not typed yet is for the clients to send again.
   */
  constructor(ledger: Ledger, suspended?: { readonly input: SuspendedInput; readonly luggage: Unpacking }) {
    this.#ledger = ledger;
    if (suspended) {
      this.#resume(suspended.input, suspended.luggage);
      return;
    }
    ledger.settleInFlight();
    for (const { slot, key, done, unknown } of ledger.recorded().streams) {
      const stream = { key, slot, done, unknown, received: done, listener: null, channels: 0, lastUsedMs: 0 };
      this.#streams.set(key, stream);
    }
  }

  /** Whoever comes back begins anew. Before anything is typed. */
  forgetStreams(): void {
    this.#ledger.forgetStreams();
    this.#streams.clear();
  }

  /** For a successor. */
  suspend(luggage: Packing): SuspendedInput {
    const streams = [...this.#streams.values()].toSorted((one, other) => one.lastUsedMs - other.lastUsedMs);
    const left = this.#queue.slice(this.#head);
    const isAnswerBegun = left[0] !== undefined && !left[0].stream && left[0].written > 0;
    const answers = left.flatMap(({ stream, bytes, written }) => (stream ? [] : bytes.subarray(written)));
    return {
      streams: streams.map(({ key, slot, received, done }) => ({ key, slot, received, done })),
      queue: left.flatMap(({ stream, bytes, written, isTyped }) =>
        stream
          ? {
              key: stream.key,
              bytes: luggage.addBytes(bytes.subarray(written)),
              ...(isTyped ? {} : { isTyped }),
            }
          : [],
      ),
      ...(answers.length === 0 ? {} : { answers: luggage.addBytes(...answers) }),
      ...(isAnswerBegun ? { isAnswerBegun } : {}),
    };
  }

  /** Goes on with a stream that a predecessor knew. Throws Error if it did not. */
  reattach(key: string, listener: InputListener | undefined): InputStream {
    const stream = this.#streams.get(key);
    if (!stream) throw new Error(`there is no input stream ${key}`);
    stream.channels += 1;
    if (listener) stream.listener = listener;
    return stream;
  }

  /** A stream that is known. */
  find(streamId: string): InputStream | undefined {
    return this.#streams.get(streamKey(streamId));
  }

  /** Begins a stream, or goes on with a known one. Throws HoldfastError(E_LIMIT) if too many are in use. */
  open(streamId: string, listener: InputListener, nowMs: number): InputStream {
    const key = streamKey(streamId);
    const known = this.#streams.get(key);
    if (known) {
      known.listener = listener;
      known.channels += 1;
      known.lastUsedMs = nowMs;
      return known;
    }
    const slot = this.#freeSlot();
    const stream: InputStream = {
      key,
      slot,
      received: 0,
      done: 0,
      unknown: undefined,
      listener,
      channels: 1,
      lastUsedMs: nowMs,
    };
    this.#ledger.claimStream(slot, key, 0);
    this.#streams.set(key, stream);
    return stream;
  }

  /** A channel of it is closed; what came on it is still typed. */
  detach(stream: InputStream, listener: InputListener, nowMs: number = performance.now()): void {
    stream.channels -= 1;
    if (stream.listener !== listener) return;
    stream.listener = null;
    stream.lastUsedMs = nowMs;
  }

  /**
   * Takes bytes that begin at `offset` of the stream. They are borrowed: once the terminal has been given the chance to
   * take them, `keep` must be called, before they may change. Throws HoldfastError(E_INPUT_GAP).
   */
  accept(stream: InputStream, offset: number, bytes: Uint8Array): void {
    this.#take(stream, this.#fresh(stream, offset, bytes), true);
  }

  /** Takes bytes that nobody is to have: they count as done when those before them are. Throws HoldfastError(E_INPUT_GAP). */
  skip(stream: InputStream, offset: number, bytes: Uint8Array): void {
    this.#take(stream, this.#fresh(stream, offset, bytes), false);
  }

  /** What a terminal answers, behind what was typed before. A program that reads none of many gets no more. */
  answer(text: string): void {
    const bytes = joinCopies(Buffer.from(text, 'latin1'));
    if (bytes.length === 0 || this.#answersBytes + bytes.length > ANSWERS_BYTES_MAX) return;
    this.#answersBytes += bytes.length;
    this.#queue.push({ stream: undefined, bytes, written: 0, isTyped: true });
  }

  /** Copies what was borrowed and has not been typed. */
  keep(): void {
    const piece = this.#borrowed;
    this.#borrowed = undefined;
    if (!piece || piece.written === piece.bytes.length) return;
    piece.bytes = joinCopies(piece.bytes.subarray(piece.written));
    piece.written = 0;
  }

  get isEmpty(): boolean {
    return this.#head === this.#queue.length;
  }

  /**
   * Writes what the terminal takes, for one turn at most. `blocked`: go on when it is writable, which it may be already.
   * `hung-up`: no program has it open; go on when one does.
   */
  writeTo(master: number): 'empty' | 'blocked' | 'hung-up' {
    for (let writes = 0; ; writes += 1) {
      const piece = this.#queue[this.#head];
      if (!piece) return 'empty';
      if (writes === WRITES_PER_TURN) return 'blocked';
      const { stream, isTyped } = piece;
      if (stream && !isTyped) {
        stream.done += piece.bytes.length;
        this.#ledger.endWrite(stream.slot, stream.done);
        this.#dropFirst();
        stream.listener?.progressed();
        continue;
      }
      const length = Math.min(WRITE_BYTES, piece.bytes.length - piece.written);
      // An answer is no client's, who could be told that it is in doubt: it is never typed again.
      if (stream) this.#ledger.beginWrite(stream.slot, stream.done, length);
      let count = WOULD_BLOCK;
      try {
        count = writeAt(master, addressOf(piece.bytes) + piece.written, length);
      } catch (error) {
        if (stream) this.#ledger.endWrite(stream.slot, stream.done);
        if (isErrno(error, 'EIO')) return 'hung-up';
        throw error;
      }
      if (count > 0) testPoint('daemon.typed');
      if (stream) {
        if (count > 0) stream.done += count;
        this.#ledger.endWrite(stream.slot, stream.done);
      } else if (count > 0) this.#answersBytes -= count;
      if (count <= 0) return 'blocked';
      piece.written += count;
      if (piece.written === piece.bytes.length) this.#dropFirst();
      stream?.listener?.progressed();
    }
  }

  /** The session has exited: nothing more is typed, and nobody is told of progress, or kept for it. */
  clear(): void {
    for (const stream of this.#streams.values()) stream.listener = null;
    this.#queue.length = 0;
    this.#head = 0;
    this.#answersBytes = 0;
  }

  #dropFirst(): void {
    this.#head += 1;
    if (this.isEmpty) {
      // Nearly always the one key that was just typed.
      for (; this.#head > 0; this.#head -= 1) this.#queue.pop();
    } else if (this.#head === TYPED_PIECES_MAX) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
  }

  #resume({ streams, queue, answers, isAnswerBegun }: SuspendedInput, luggage: Unpacking): void {
    // Everybody waits for this, so it is not looked at in vain.
    const recorded = streams.length > 0 ? this.#ledger.recorded().streams : [];
    const unknown = new Map(recorded.map((stream) => [stream.key, stream.unknown]));
    for (const [index, stream] of streams.entries()) {
      this.#streams.set(stream.key, {
        ...stream,
        unknown: unknown.get(stream.key),
        listener: null,
        channels: 0,
        lastUsedMs: index - streams.length,
      });
    }
    const answerAll = () => {
      if (answers) this.answer(Buffer.from(luggage.bytes(answers)).toString('latin1'));
    };
    // What was begun goes on first: neither an answer nor what somebody pastes is cut by the other.
    if (isAnswerBegun) answerAll();
    for (const { key, bytes, isTyped = true } of queue) {
      const stream = this.#streams.get(key);
      if (!stream) throw new Error(`input is queued for the unknown stream ${key}`);
      this.#queue.push({ stream, bytes: joinCopies(luggage.bytes(bytes)), written: 0, isTyped });
    }
    if (!isAnswerBegun) answerAll();
  }

  /** Those that have not come before. */
  #fresh(stream: InputStream, offset: number, bytes: Uint8Array): Uint8Array {
    if (offset > stream.received) {
      throw new HoldfastError('E_INPUT_GAP', `input goes on at ${offset}, but ${stream.received} is wanted`);
    }
    const fresh = bytes.subarray(stream.received - offset);
    if (stream.received + fresh.length - stream.done > LIMITS.inputWindowBytes) {
      throw new HoldfastError(
        'E_INPUT_GAP',
        `more than ${LIMITS.inputWindowBytes} bytes of input are unacknowledged`,
      );
    }
    return fresh;
  }

  #take(stream: InputStream, fresh: Uint8Array, isTyped: boolean): void {
    if (fresh.length === 0) return;
    this.#push(stream, fresh, isTyped);
    stream.received += fresh.length;
  }

  /** Small pieces of one stream are put together, so that single keys in a blocked terminal cost a byte each. */
  #push(stream: InputStream, bytes: Uint8Array, isTyped: boolean): void {
    const last = this.#queue.at(-1);
    if (
      last &&
      last.stream === stream &&
      last.isTyped === isTyped &&
      last !== this.#queue[this.#head] &&
      last.bytes.length + bytes.length <= WRITE_BYTES
    ) {
      last.bytes = joinCopies(last.bytes, bytes);
    } else {
      this.#borrowed = { stream, bytes, written: 0, isTyped };
      this.#queue.push(this.#borrowed);
    }
  }

  #freeSlot(): number {
    const used = new Set([...this.#streams.values()].map((stream) => stream.slot));
    for (let slot = 0; slot < LIMITS.inputStreamsPerSession; slot += 1) if (!used.has(slot)) return slot;
    let idle: InputStream | undefined;
    for (const stream of this.#streams.values()) {
      const isBusy = stream.channels > 0 || stream.received !== stream.done;
      if (!isBusy && (!idle || stream.lastUsedMs < idle.lastUsedMs)) idle = stream;
    }
    if (!idle) {
      throw new HoldfastError(
        'E_LIMIT',
        `${LIMITS.inputStreamsPerSession} clients type into this session already`,
      );
    }
    this.#streams.delete(idle.key);
    return idle.slot;
  }
}

/** Copies into memory of its own: what a client sent stands in a buffer that the next read overwrites. */
function joinCopies(...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = Buffer.from(new ArrayBuffer(length));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
