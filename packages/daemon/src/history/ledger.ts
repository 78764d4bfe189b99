import { createHash } from 'node:crypto';
import { LIMITS } from '@holdfast/protocol';
import { Block, copyIn, copyOut, copyOutInto, type Mapping, PAGE_BYTES } from '@holdfast/posix';
import {
  LEDGER_BEGIN_AT,
  LEDGER_END_AT,
  LEDGER_HEADER_BYTES,
  LEDGER_MAGIC,
  LEDGER_QUERIES_AT,
  LEDGER_SCHEMA,
  readLedgerHeader,
  readU64,
} from './ledger-header.ts';

/**
 * What must be known about a session after the daemon was killed at any instruction, in one mapped page:
 *
 *     0  u32 magic | u32 schema
 *     8  u64 end of the output        stored after each read, so what was read and is not counted here is at most that read
 *    16  u32 slot | u32 length        the input write in flight; length 0 = none
 *    24  u64 offset                   where in its stream that write began
 *    32  u64 begin of the output      0, unless an earlier history was lost: what it held has lower offsets
 *    40  u64 queries, plus 1          what programs asked before this offset is dealt with; 2^53 - 1 = a viewer answers; 0 = never stored
 *    64  per input stream: 16 bytes of SHA-256 of its id, u64 done
 *  1600  per input stream: u64 from, u64 to     what was in flight when a daemon was killed; both 0 = nothing
 *
 * The kernel keeps the page when the process dies; nothing is ever flushed or read back while it lives.
 */
const IN_FLIGHT_AT = 16;
const STREAMS_AT = LEDGER_HEADER_BYTES;
const STREAM_BYTES = 24;
const STREAM_KEY_BYTES = 16;
const UNKNOWN_AT = STREAMS_AT + LIMITS.inputStreamsPerSession * STREAM_BYTES;
const UNKNOWN_BYTES = 16;

const ANSWERED_BY_VIEWER = Number.MAX_SAFE_INTEGER;

export const LEDGER_BYTES: number = PAGE_BYTES;

export interface RecordedStream {
  readonly slot: number;
  /** Hexadecimal, from streamKey(). */
  readonly key: string;
  readonly done: number;
  /** Whether these bytes of it were typed, nobody knows. */
  readonly unknown: InputRange | undefined;
}

/** Bytes of an input stream; `to` is not in it. */
export interface InputRange {
  readonly from: number;
  readonly to: number;
}

export interface RecordedInFlight {
  readonly slot: number;
  readonly offset: number;
  readonly length: number;
}

/** The name under which a stream's progress is recorded. */
export function streamKey(streamId: string): string {
  return createHash('sha256')
    .update(streamId)
    .digest('hex')
    .slice(0, 2 * STREAM_KEY_BYTES);
}

export class Ledger {
  readonly #mapping: Mapping;
  /** Holds what is before the streams, or one of them. */
  readonly #scratch = new Block(STREAMS_AT);

  /** Takes over the mapping and begins a new ledger, or goes on with one. Throws Error if it is none. */
  constructor(mapping: Mapping, isNew: boolean) {
    this.#mapping = mapping;
    if (isNew) this.#begin();
    else this.verify();
  }

  /** Offset of the first byte that was ever recorded here. */
  get begin(): number {
    return readU64(this.#header(), LEDGER_BEGIN_AT);
  }

  /** The first byte will have this offset. Of a new ledger. */
  beginAt(offset: number): void {
    this.#store64(LEDGER_BEGIN_AT, offset);
    this.#store64(LEDGER_END_AT, offset);
  }

  /** Offset behind the last byte recorded so far. */
  get end(): number {
    return readU64(this.#header(), LEDGER_END_AT);
  }

  /** Called once per read on the data path. */
  recordEnd(end: number): void {
    this.#store64(LEDGER_END_AT, end);
  }

  /** How far queries are dealt with; `viewer`: one answers, whatever is asked. Undefined if that was never stored. */
  get queries(): number | 'viewer' | undefined {
    const stored = readU64(this.#header(), LEDGER_QUERIES_AT);
    if (stored === ANSWERED_BY_VIEWER) return 'viewer';
    return stored > 0 ? stored - 1 : undefined;
  }

  recordQueries(to: number | 'viewer'): void {
    this.#store64(LEDGER_QUERIES_AT, to === 'viewer' ? ANSWERED_BY_VIEWER : to + 1);
  }

  /** A write of so many bytes of a stream is about to be tried. */
  beginWrite(slot: number, offset: number, length: number): void {
    this.#store64(IN_FLIGHT_AT + 8, offset);
    this.#store32Pair(IN_FLIGHT_AT, slot, length);
  }

  /** The write has ended: so much of the stream is done. */
  endWrite(slot: number, done: number): void {
    this.#store64(streamAt(slot) + STREAM_KEY_BYTES, done);
    this.#store32Pair(IN_FLIGHT_AT, 0, 0);
  }

  /** Gives a slot to a stream. Its key comes last: until it stands there whole, the slot is nobody's. */
  claimStream(slot: number, key: string, done: number): void {
    const at = streamAt(slot);
    const { bytes, address } = this.#scratch;
    bytes.fill(0);
    copyIn(this.#mapping.address + at, address, STREAM_KEY_BYTES);
    this.#store64(at + STREAM_KEY_BYTES, done);
    this.#storeUnknown(slot, { from: 0, to: 0 });
    bytes.write(key, 0, STREAM_KEY_BYTES, 'hex');
    copyIn(this.#mapping.address + at, address, STREAM_KEY_BYTES);
  }

  /** Another program has the terminal: what was meant for the one before is not to reach it. */
  forgetStreams(): void {
    this.#store32Pair(IN_FLIGHT_AT, 0, 0);
    for (let slot = 0; slot < LIMITS.inputStreamsPerSession; slot += 1) this.claimStream(slot, '', 0);
  }

  /**
   * After a crash: nobody knows whether the write in flight was done. It counts as done, so that it is never repeated, and
   * is kept as unknown, for its client.
   */
  settleInFlight(): void {
    const { inFlight } = this.recorded();
    if (!inFlight) return;
    const { slot, offset, length } = inFlight;
    // The unknown part comes first: killed in between, the write is still in flight, and this is done again.
    this.#storeUnknown(slot, { from: offset, to: offset + length });
    this.endWrite(slot, offset + length);
  }

  /** What a daemon before this one recorded. */
  recorded(): { streams: RecordedStream[]; inFlight: RecordedInFlight | undefined } {
    const page = copyOut(this.#mapping.address, LEDGER_BYTES);
    const streams: RecordedStream[] = [];
    for (let slot = 0; slot < LIMITS.inputStreamsPerSession; slot += 1) {
      const at = streamAt(slot);
      const key = page.toString('hex', at, at + STREAM_KEY_BYTES);
      const done = readU64(page, at + STREAM_KEY_BYTES);
      const unknown = readRange(page, unknownAt(slot));
      if (!/^0+$/.test(key) && Number.isSafeInteger(done)) streams.push({ slot, key, done, unknown });
    }
    const length = page.readUInt32LE(IN_FLIGHT_AT + 4);
    const slot = page.readUInt32LE(IN_FLIGHT_AT);
    const offset = readU64(page, IN_FLIGHT_AT + 8);
    // `done` is stored first: where it has moved, the write had ended, and its fate is known.
    const isInFlight = length > 0 && streams.some((stream) => stream.slot === slot && stream.done === offset);
    return { streams, inFlight: isInFlight ? { slot, offset, length } : undefined };
  }

  /** Throws Error if this is no ledger that can be gone on with. */
  verify(): void {
    readLedgerHeader(this.#header());
  }

  unmap(): void {
    this.#mapping.unmap();
  }

  /** A copy of what is before the streams, valid until anything is stored. A hand-over looks at those of all sessions. */
  #header(): Buffer {
    return copyOutInto(this.#scratch, this.#mapping.address, STREAMS_AT);
  }

  #begin(): void {
    this.#store32Pair(0, LEDGER_MAGIC, LEDGER_SCHEMA);
  }

  #storeUnknown(slot: number, { from, to }: InputRange): void {
    this.#store64(unknownAt(slot), from);
    this.#store64(unknownAt(slot) + 8, to);
  }

  #store64(at: number, value: number): void {
    writeU64(this.#scratch.view, 0, value);
    copyIn(this.#mapping.address + at, this.#scratch.address, 8);
  }

  #store32Pair(at: number, low: number, high: number): void {
    this.#scratch.view.setUint32(0, low, true);
    this.#scratch.view.setUint32(4, high, true);
    copyIn(this.#mapping.address + at, this.#scratch.address, 8);
  }
}

function streamAt(slot: number): number {
  return STREAMS_AT + slot * STREAM_BYTES;
}

function unknownAt(slot: number): number {
  return UNKNOWN_AT + slot * UNKNOWN_BYTES;
}

/** undefined if it is empty, or was half written. */
function readRange(page: Buffer, at: number): InputRange | undefined {
  const range = { from: readU64(page, at), to: readU64(page, at + 8) };
  return range.from < range.to ? range : undefined;
}

function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}
