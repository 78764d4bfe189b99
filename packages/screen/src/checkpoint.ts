import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { ScreenSize } from './emulator.ts';

// ┌────────┬─────────┬───────┬────────┬───────┬──────┬──────┬────────────┬────────┬──────────┬────────┬───────┬──────────┐
// │ "HFSC" │ version │ flags │ offset │ marks │ cols │ rows │ scrollback │ length │ gap from │ gap to │ crc32 │ deflated │
// │   4    │    1    │   1   │   8    │   8   │  2   │  2   │     4      │   4    │    8     │   8    │   4   │          │
// └────────┴─────────┴───────┴────────┴───────┴──────┴──────┴────────────┴────────┴──────────┴────────┴───────┴──────────┘
// Numbers are big-endian. A gap that ends where it begins is none. The length is that of the snapshot before it was deflated; the checksum is of all before it, and of that.

const MAGIC = Buffer.from('HFSC');
/** Of the format, and of what a snapshot means: a checkpoint of another version is made anew from the history. */
const VERSION = 3;
const CHECKSUM_AT = 50;
const HEADER_BYTES = 54;
/** A screen of random colours, 500 by 200, with 1,000 lines, stays below. */
const MAX_SNAPSHOT = 64 * 1024 * 1024;
/** Columns or rows. No session has more; a screen takes memory by its size, whatever is on it. */
const MAX_EXTENT = 4_096;

/**
 * Why a screen may differ from that of a terminal which was always there: output that is not kept any more, or had to be skimmed; bytes
 * that a crash may have lost; a size that nothing tells of; something that this version of the emulator does not have; a state that no
 * snapshot carries. Each is a bit of the flags, by its place.
 */
const DOUBTS = ['history', 'skimmed', 'crash', 'size', 'emulator', 'unrepresented'] as const;
export type Doubt = (typeof DOUBTS)[number];

/** Output that a screen was not shown: from its first byte to behind its last. What lies between may have been. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** The state of a screen at an offset of the output: nothing before it is needed any more. */
export interface Checkpoint extends ScreenSize {
  readonly offset: number;
  /** How many of the marks beside the output have had their effect: there may be more of them at the same offset. */
  readonly marks: number;
  /** The limit, not how many lines there are. */
  readonly scrollback: number;
  readonly doubts: readonly Doubt[];
  readonly gap?: Gap | undefined;
  readonly snapshot: Uint8Array;
}

export function encodeCheckpoint({
  offset,
  marks,
  cols,
  rows,
  scrollback,
  doubts,
  gap = { from: 0, to: 0 },
  snapshot,
}: Checkpoint): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt8(VERSION, 4);
  header.writeUInt8(flagsOf(doubts), 5);
  header.writeBigUInt64BE(BigInt(offset), 6);
  header.writeBigUInt64BE(BigInt(marks), 14);
  header.writeUInt16BE(cols, 22);
  header.writeUInt16BE(rows, 24);
  header.writeUInt32BE(scrollback, 26);
  header.writeUInt32BE(snapshot.length, 30);
  header.writeBigUInt64BE(BigInt(gap.from), 34);
  header.writeBigUInt64BE(BigInt(gap.to), 42);
  header.writeUInt32BE(checksum(header, snapshot), CHECKSUM_AT);
  return Buffer.concat([header, deflateRawSync(snapshot, { level: constants.Z_BEST_SPEED })]);
}

/** What is wrong with it, in words, if it can't be used. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint | string {
  if (bytes.length < HEADER_BYTES) return `${bytes.length} bytes are no checkpoint`;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return 'it is no checkpoint';
  if (header.readUInt8(4) !== VERSION) return `it has version ${header.readUInt8(4)}, not ${VERSION}`;
  const offset = Number(header.readBigUInt64BE(6));
  const marks = Number(header.readBigUInt64BE(14));
  const [cols, rows] = [header.readUInt16BE(22), header.readUInt16BE(24)];
  const length = header.readUInt32BE(30);
  const gap = { from: Number(header.readBigUInt64BE(34)), to: Number(header.readBigUInt64BE(42)) };
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(marks) ||
    !isExtent(cols) ||
    !isExtent(rows) ||
    gap.from > gap.to ||
    gap.to > offset ||
    length > MAX_SNAPSHOT
  )
    return 'its header makes no sense';
  const snapshot = inflate(bytes.subarray(HEADER_BYTES), length);
  if (
    !snapshot ||
    snapshot.length !== length ||
    checksum(header, snapshot) !== header.readUInt32BE(CHECKSUM_AT)
  )
    return 'it is damaged';
  return {
    offset,
    marks,
    cols,
    rows,
    scrollback: header.readUInt32BE(26),
    doubts: DOUBTS.filter((_, bit) => (header.readUInt8(5) & (1 << bit)) !== 0),
    ...(gap.to > gap.from ? { gap } : {}),
    snapshot,
  };
}

function isExtent(cells: number): boolean {
  return cells >= 1 && cells <= MAX_EXTENT;
}

function flagsOf(doubts: readonly Doubt[]): number {
  return doubts.reduce((flags, doubt) => flags | (1 << DOUBTS.indexOf(doubt)), 0);
}

function checksum(header: Buffer, snapshot: Uint8Array): number {
  return crc32(snapshot, crc32(header.subarray(0, CHECKSUM_AT)));
}

function inflate(bytes: Uint8Array, length: number): Buffer | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(length, 1) });
  } catch {
    return undefined; // zlib says so of every damage, in many ways
  }
}
