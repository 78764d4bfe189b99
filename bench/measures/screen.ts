import {
  encodeCheckpoint,
  decodeCheckpoint,
  type Emulator,
  Emulators,
  SCROLLBACK_LINES,
  Serializer,
  Skimmer,
} from '@holdfast/screen';
import { ScreenRecording } from '@holdfast/testkit';
import type { Measure, Row } from '../measure.ts';
import { quantile } from '../statistics.ts';

const SIZE = { cols: 200, rows: 50 };
const ROUNDS = 200;
const KIB = 1024;
const MIB = 1024 * KIB;
/** What is behind a checkpoint at most, before there is another. */
const BEHIND = 256 * KIB;
const SKIMMED = 32 * MIB;
const GOAL_HOT_P50_MS = 1;
const GOAL_HOT_P99_MS = 5;
const GOAL_COLD_P50_MS = 8;
const GOAL_COLD_P99_MS = 25;
const GOAL_KIB = 120;
const GOAL_YES_P99_MS = 35;
/** Lines of one letter: a line feed costs most. */
const YES = { name: 'yes', bytes: Buffer.from('y\r\n') };
/** Recordings in which nearly each cell has a colour of its own are no text. */
const COLOURED = new Set(['colours', 'colours-narrow']);

/** What a program has written, over and over, until there are so many bytes. */
function repeated(bytes: Buffer, length: number): Buffer {
  return Buffer.concat(
    Array.from({ length: Math.ceil(length / bytes.length) }, () => bytes),
    length,
  );
}

/** The screens of real programs, 200×50 with 1,000 lines above, one after the other in this process. */
export const screen: Measure = {
  name: 'screen',
  title: 'snapshots at 200×50 with 1,000 lines, ms',
  async run({ progress }) {
    const emulators = new Emulators();
    const serializer = new Serializer();
    const rows: Row[] = [];
    const hot: number[] = [];
    const cold: number[] = [];
    const yes: number[] = [];
    let largest = 0;
    for (const { name, bytes } of [...ScreenRecording.all(), YES]) {
      progress(`screen: ${name}`);
      using emulator = emulators.open(SIZE);
      emulator.feed(repeated(bytes, BEHIND));
      const serializing = timed(ROUNDS, () => serializer.serialize(emulator));
      const snapshot = serializer.serialize(emulator);
      const state = { ...SIZE, offset: 0, marks: 0, scrollback: SCROLLBACK_LINES, doubts: [], snapshot };
      const checkpoint = encodeCheckpoint(state);
      const behind = repeated(bytes, BEHIND);
      const restoring = timed(ROUNDS / 10, () => restore(emulators, serializer, checkpoint, behind));
      const flood = repeated(bytes, SKIMMED);
      const [skimMs = Number.NaN] = timed(1, () => skim(flood));
      hot.push(...serializing);
      (name === YES.name ? yes : cold).push(...restoring);
      if (!COLOURED.has(name)) largest = Math.max(largest, snapshot.length);
      rows.push({
        program: name,
        p50: quantile(serializing, 0.5).toFixed(2),
        p99: quantile(serializing, 0.99).toFixed(2),
        'checkpoint + 256 KiB, p50': quantile(restoring, 0.5).toFixed(1),
        'p99 ': quantile(restoring, 0.99).toFixed(1),
        KiB: (snapshot.length / KIB).toFixed(1),
        deflated: (checkpoint.length / KIB).toFixed(1),
        'skimmed, MB/s': Math.round(flood.length / 1e3 / skimMs),
      });
    }
    return {
      rows,
      goals: [
        { text: 'ms to serialize, p50', is: 'at most', limit: GOAL_HOT_P50_MS, value: quantile(hot, 0.5) },
        { text: 'ms to serialize, p99', is: 'at most', limit: GOAL_HOT_P99_MS, value: quantile(hot, 0.99) },
        {
          text: 'ms from a checkpoint and 256 KiB, p50',
          is: 'at most',
          limit: GOAL_COLD_P50_MS,
          value: quantile(cold, 0.5),
        },
        {
          text: 'ms from a checkpoint and 256 KiB, p99',
          is: 'at most',
          limit: GOAL_COLD_P99_MS,
          value: quantile(cold, 0.99),
        },
        {
          text: 'ms from a checkpoint and 256 KiB of `yes`, p99',
          is: 'at most',
          limit: GOAL_YES_P99_MS,
          value: quantile(yes, 0.99),
        },
        { text: 'KiB of the largest snapshot of text', is: 'at most', limit: GOAL_KIB, value: largest / KIB },
      ],
    };
  },
};

function restore(emulators: Emulators, serializer: Serializer, bytes: Buffer, behind: Buffer): void {
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
