import { HoldfastError } from './errors.ts';
import {
  type AckFrameType,
  CHANNEL_HEADER_BYTES,
  DATA_HEADER_BYTES,
  type DataFrameType,
  FRAME,
  FRAME_HEADER_BYTES,
  readOffset,
  writeDataHeader,
} from './frames.ts';
import { LIMITS } from './limits.ts';

/** What a frame reader hands on. Data arrives in pieces as it comes in, each with its own offset. */
export interface FrameSink {
  /** A whole control frame: one JSON document, which is not parsed yet. */
  control(json: string): void;
  /** `bytes` is a view of the pushed chunk: copy what must outlive the call. */
  data(type: DataFrameType, channel: number, offset: number, bytes: Uint8Array): void;
  /** All bytes before `offset` are done with. */
  ack(type: AckFrameType, channel: number, offset: number): void;
}

const NOTHING = new Uint8Array(0);

type State =
  | { at: 'header' }
  | { at: 'control'; length: number; collected: Uint8Array; filled: number }
  | { at: 'channel'; type: DataFrameType | AckFrameType; length: number }
  | { at: 'data'; type: DataFrameType; channel: number; offset: number; missing: number };

const HEADER: State = { at: 'header' };
const TWO_32 = 0x1_0000_0000;

/**
 * Cuts a byte stream into frames.
 *
 *   header ──CONTROL──> control ──complete──> header
 *      └──others──> channel ──OUTPUT, INPUT──> data ──complete──> header
 *                      └──acknowledgements──> header
 *
 * A frame that breaks a rule throws HoldfastError(E_PROTOCOL or E_LIMIT); the reader is useless afterwards, since
 * what follows can't be told apart any more. The cost of a byte does not depend on how the stream was cut.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #accepts: ReadonlySet<number>;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  /** Collects a header that came in pieces; the largest header is a channel header. */
  readonly #partial = new Uint8Array(CHANNEL_HEADER_BYTES);
  #partialLength = 0;
  #state: State = HEADER;
  #maxControlBytes: number;

  /**
   * `accepts` lists the frame types that the other side may send; anything else is refused. `maxControlBytes`: of a control frame, by
   * default `LIMITS.controlFrameBytes`.
   */
  constructor(sink: FrameSink, options: { accepts: readonly number[]; maxControlBytes?: number }) {
    this.#sink = sink;
    this.#accepts = new Set(options.accepts);
    this.#maxControlBytes = options.maxControlBytes ?? LIMITS.controlFrameBytes;
  }

  /** The largest control frame that is accepted from now on. */
  set maxControlBytes(bytes: number) {
    this.#maxControlBytes = bytes;
  }

  /**
   * The frame that has come in part, in pieces: pushed into a fresh reader they bring it to where this one is. Of a data
   * frame only what is still to come is named, since the rest was handed on. They are valid until the next push.
   */
  suspend(): Uint8Array[] {
    const state = this.#state;
    const partial = this.#partial.subarray(0, this.#partialLength);
    if (state.at === 'header') return [partial];
    if (state.at === 'channel') return [headerOf(state.type, state.length), partial];
    if (state.at === 'control') {
      return [headerOf(FRAME.CONTROL, state.length), state.collected.subarray(0, state.filled)];
    }
    const header = new Uint8Array(DATA_HEADER_BYTES);
    const { type, channel, offset, missing } = state;
    writeDataHeader(header, { type, channel, offset, byteCount: missing });
    return [header];
  }

  /** Takes the next bytes of the stream. Throws HoldfastError: E_PROTOCOL, E_LIMIT; and what the sink throws. */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      const state = this.#state;
      switch (state.at) {
        case 'header':
          at += this.#wholeFrame(chunk, at) || this.#header(chunk, at);
          break;
        case 'control':
          at += this.#control(chunk, at, state);
          break;
        case 'channel':
          at += this.#channel(chunk, at, state);
          break;
        case 'data':
          at += this.#data(chunk, at, state);
          break;
      }
    }
  }

  /**
   * Hands on a data frame or an acknowledgement that lies in the chunk as a whole, as each key and its echo do, without a state
   * or a view in between. Returns its length; 0 for whatever else there is, faulty frames included: that is for the states.
   */
  #wholeFrame(chunk: Uint8Array, at: number): number {
    if (this.#partialLength > 0 || chunk.length - at < DATA_HEADER_BYTES) return 0;
    const type = chunk[at + 4] ?? 0;
    if (type === FRAME.CONTROL || !this.#accepts.has(type)) return 0;
    const length = u32(chunk, at) - 1;
    const byteCount = length - CHANNEL_HEADER_BYTES;
    const end = at + FRAME_HEADER_BYTES + length;
    if (byteCount < 0 || byteCount > LIMITS.dataFrameBytes || end > chunk.length) return 0;
    const channel = u32(chunk, at + 5);
    const offset = u32(chunk, at + 9) + u32(chunk, at + 13) * TWO_32;
    if (!Number.isSafeInteger(offset + byteCount)) return 0;
    const known = type as DataFrameType | AckFrameType;
    if (isAck(known)) {
      if (byteCount > 0) return 0;
      this.#sink.ack(known, channel, offset);
    } else if (byteCount > 0) {
      this.#sink.data(known, channel, offset, chunk.subarray(end - byteCount, end));
    }
    return end - at;
  }

  /** Collects `wanted` header bytes; returns a view of them once they are all there. */
  #collect(chunk: Uint8Array, at: number, wanted: number): { view: DataView | undefined; used: number } {
    if (this.#partialLength === 0 && chunk.length - at >= wanted) {
      return { view: new DataView(chunk.buffer, chunk.byteOffset + at, wanted), used: wanted };
    }
    const used = Math.min(wanted - this.#partialLength, chunk.length - at);
    this.#partial.set(chunk.subarray(at, at + used), this.#partialLength);
    this.#partialLength += used;
    if (this.#partialLength < wanted) return { view: undefined, used };
    this.#partialLength = 0;
    return { view: new DataView(this.#partial.buffer, 0, wanted), used };
  }

  #header(chunk: Uint8Array, at: number): number {
    const { view, used } = this.#collect(chunk, at, FRAME_HEADER_BYTES);
    if (!view) return used;
    const length = view.getUint32(0, true) - 1;
    const type = view.getUint8(4);
    if (!this.#accepts.has(type)) {
      throw new HoldfastError('E_PROTOCOL', `frame type ${type} is not allowed here`);
    }
    if (type === FRAME.CONTROL) {
      if (length < 1) throw new HoldfastError('E_PROTOCOL', 'a control frame is empty');
      if (length > this.#maxControlBytes) {
        throw new HoldfastError(
          'E_LIMIT',
          `a control frame of ${length} bytes is over the limit of ${this.#maxControlBytes}`,
        );
      }
      this.#state = { at: 'control', length, collected: NOTHING, filled: 0 };
      return used;
    }
    this.#checkChannelFrame(type, length);
    this.#state = { at: 'channel', type: type as DataFrameType | AckFrameType, length };
    return used;
  }

  #checkChannelFrame(type: number, length: number): void {
    if (length < CHANNEL_HEADER_BYTES) {
      throw new HoldfastError('E_PROTOCOL', `a frame of type ${type} is shorter than its header`);
    }
    if (isAck(type) && length !== CHANNEL_HEADER_BYTES) {
      throw new HoldfastError('E_PROTOCOL', `an acknowledgement has ${length} bytes`);
    }
    if (length > CHANNEL_HEADER_BYTES + LIMITS.dataFrameBytes) {
      throw new HoldfastError(
        'E_LIMIT',
        `a frame of ${length - CHANNEL_HEADER_BYTES} bytes of data is over the limit of ${LIMITS.dataFrameBytes}`,
      );
    }
  }

  #control(chunk: Uint8Array, at: number, state: State & { at: 'control' }): number {
    const piece = chunk.subarray(at, at + state.length - state.filled);
    if (piece.length === state.length) {
      this.#state = HEADER;
      this.#sink.control(this.#decode(piece));
      return piece.length;
    }
    const filled = state.filled + piece.length;
    if (filled > state.collected.length) state.collected = grown(state, filled);
    state.collected.set(piece, state.filled);
    state.filled = filled;
    if (filled === state.length) {
      this.#state = HEADER;
      this.#sink.control(this.#decode(state.collected.subarray(0, filled)));
    }
    return piece.length;
  }

  #channel(chunk: Uint8Array, at: number, state: State & { at: 'channel' }): number {
    const { view, used } = this.#collect(chunk, at, CHANNEL_HEADER_BYTES);
    if (!view) return used;
    const channel = view.getUint32(0, true);
    const offset = readOffset(view, 4);
    const missing = state.length - CHANNEL_HEADER_BYTES;
    if (Number.isNaN(offset + missing) || !Number.isSafeInteger(offset + missing)) {
      throw new HoldfastError('E_PROTOCOL', 'an offset is beyond 2^53 - 1');
    }
    this.#state = HEADER;
    if (isAck(state.type)) this.#sink.ack(state.type, channel, offset);
    else if (missing > 0) this.#state = { at: 'data', type: state.type, channel, offset, missing };
    return used;
  }

  #data(chunk: Uint8Array, at: number, state: State & { at: 'data' }): number {
    const piece = chunk.subarray(at, at + state.missing);
    const { offset } = state;
    state.offset += piece.length;
    state.missing -= piece.length;
    if (state.missing === 0) this.#state = HEADER;
    this.#sink.data(state.type, state.channel, offset, piece);
    return piece.length;
  }

  #decode(bytes: Uint8Array): string {
    try {
      return this.#utf8.decode(bytes);
    } catch (cause) {
      throw new HoldfastError('E_PROTOCOL', 'a control frame is not valid UTF-8', { cause });
    }
  }
}

/** The little-endian number at `at`, which must be within the bytes. */
function u32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return low + (bytes[at + 3] ?? 0) * 0x100_0000;
}

function isAck(type: number): type is AckFrameType {
  return type === FRAME.OUTPUT_ACK || type === FRAME.INPUT_ACK;
}

/** Doubles up to the frame's length: a peer gets no more memory than it has sent bytes, and no byte is copied often. */
function grown(state: { length: number; collected: Uint8Array; filled: number }, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.min(state.length, Math.max(needed, state.collected.length * 2, 4096)));
  larger.set(state.collected.subarray(0, state.filled));
  return larger;
}

function headerOf(type: number, length: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, length + 1, true);
  view.setUint8(4, type);
  return header;
}
