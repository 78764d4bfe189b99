// Snapshots of what programs show, in a process with nothing else in it, as the daemon's worker has a heap of its own:
//   node scripts/run-ts.mjs bench/snapshots.ts
// is told of each program by a line of JSON, and tells by one what it has measured.
import { createInterface } from 'node:readline';
import {
  decodeCheckpoint,
  type Emulator,
  Emulators,
  encodeCheckpoint,
  SCROLLBACK_LINES,
  Serializer,
  Skimmer,
} from '@holdfast/screen';

/** A program, and what it has written. */
export interface Written {
  readonly name: string;
  readonly base64: string;
}

/** What is told of one program. */
export interface Snapshots {
  readonly name: string;
  /** From a live emulator, in ms. */
  readonly serializing: readonly number[];
  /** From a checkpoint with 256 KiB behind it, in ms. */
  readonly restoring: readonly number[];
  readonly bytes: number;
  readonly deflatedBytes: number;
  readonly skimmedMbPerS: number;
}

const SIZE = { cols: 200, rows: 50 };
const SERIALIZED = 200;
const RESTORED = 20;
/** With the first program, before anything counts: until V8 has compiled what is measured. */
const WARMING = 20;
const KIB = 1024;
const MIB = 1024 * KIB;
/** What is behind a checkpoint at most, before there is another. */
const BEHIND = 256 * KIB;
const SKIMMED = 32 * MIB;
const emulators = new Emulators();
const serializer = new Serializer();
let isWarm = false;
for await (const line of createInterface({ input: process.stdin })) {
  const { name, base64 } = JSON.parse(line) as Written;
  const bytes = Buffer.from(base64, 'base64');
  if (!isWarm) measured(name, bytes, WARMING);
  isWarm = true;
  console.log(JSON.stringify(measured(name, bytes, RESTORED)));
}

function measured(name: string, bytes: Buffer, restored: number): Snapshots {
  using emulator = emulators.open(SIZE);
  emulator.feed(repeated(bytes, BEHIND));
  const serializing = timed(SERIALIZED, () => serializer.serialize(emulator));
  const snapshot = serializer.serialize(emulator);
  const state = { ...SIZE, offset: 0, marks: 0, scrollback: SCROLLBACK_LINES, doubts: [], snapshot };
  const checkpoint = encodeCheckpoint(state);
  const behind = repeated(bytes, BEHIND);
  const restoring = timed(restored, () => restore(checkpoint, behind));
  const flood = repeated(bytes, SKIMMED);
  const [skimMs = Number.NaN] = timed(1, () => skim(flood));
  return {
    name,
    serializing,
    restoring,
    bytes: snapshot.length,
    deflatedBytes: checkpoint.length,
    skimmedMbPerS: flood.length / 1e3 / skimMs,
  };
}

/** What a program has written, over and over, until there are so many bytes. */
function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(length / bytes.length) }, () => bytes),
    length,
  );
}

function restore(bytes: Buffer, behind: Buffer): void {
  const checkpoint = decodeCheckpoint(bytes);
  if (typeof checkpoint === 'string') throw new Error(checkpoint);
  using emulator: Emulator = emulators.open(checkpoint, checkpoint.scrollback);
  emulator.feed(checkpoint.snapshot);
  emulator.feed(behind);
  serializer.serialize(emulator);
}

function skim(flood: Buffer): void {
  const skimmer = new Skimmer();
  for (let at = 0; at < flood.length; at += MIB) skimmer.skim(flood.subarray(at, at + MIB));
}

function timed(rounds: number, act: () => void): number[] {
  return Array.from({ length: rounds }, () => {
    const begin = performance.now();
    act();
    return performance.now() - begin;
  });
}
