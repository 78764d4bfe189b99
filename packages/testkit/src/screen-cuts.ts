import {
  decodeCheckpoint,
  differences,
  type Emulator,
  type Emulators,
  encodeCheckpoint,
  SafeOffset,
  SCROLLBACK_LINES,
  type ScreenSize,
  type Serializer,
} from '@holdfast/screen';
import { queriesIn } from './queries.ts';
import { randomBelow } from './random-below.ts';
import type { ScreenRecording } from './screen-recording.ts';

/** So many terminals are open at a time. */
const BATCH = 32;
/** How far behind a cut the terminals are compared again: at least, and at most so much more. */
const NEXT_BYTES = 1500;
const LATER_BYTES = 6000;

export interface Cut {
  /** Where somebody attaches. */
  readonly at: number;
  /** Where the two terminals are compared again. */
  readonly later: number;
}

export interface CutTools {
  readonly emulators: Emulators;
  readonly serializer: Serializer;
}

export interface UnequalCut extends Cut {
  readonly recording: string;
  readonly safe: number;
  /** Where they were compared. */
  readonly offset: number;
  /** What the serializer itself says that it could not write. */
  readonly unrepresented: readonly string[];
  readonly differences: readonly string[];
}

/**
 * Compares a terminal that was always attached with one that attaches at each cut, and is given the snapshot of the last safe offset, by
 * way of a checkpoint, and the bytes from there. Gives the cuts at which, or behind which, the two are not the same, and those whose
 * snapshot asks something.
 */
export function unequalCuts(recording: ScreenRecording, cuts: readonly Cut[], tools: CutTools): UnequalCut[] {
  const sorted = cuts.toSorted((a, b) => a.at - b.at);
  const unequal: UnequalCut[] = [];
  for (let first = 0; first < sorted.length; first += BATCH)
    unequal.push(...compareBatch(recording, sorted.slice(first, first + BATCH), tools));
  return unequal;
}

interface Step {
  readonly offset: number;
  readonly run: () => void;
}

function compareBatch(recording: ScreenRecording, cuts: readonly Cut[], tools: CutTools): UnequalCut[] {
  const { emulators, serializer } = tools;
  using always = emulators.open(recording.sizeAt(0));
  const unequal: UnequalCut[] = [];
  const output = new SafeOffset();
  const steps: Step[] = [];
  for (const cut of cuts) {
    output.push(recording.bytes.subarray(output.end, cut.at));
    steps.push(...stepsOf(cut, output.safe));
  }
  let reached = 0;
  for (const { offset, run } of steps.toSorted((a, b) => a.offset - b.offset)) {
    recording.play(always, reached, offset);
    reached = offset;
    run();
  }
  return unequal;

  function stepsOf(cut: Cut, safe: number): Step[] {
    let attached: Emulator | undefined;
    let unrepresented: readonly string[] = [];
    const attach = () => {
      attached = emulators.open(recording.sizeAt(safe));
      const snapshot = throughCheckpoint(serializer.serialize(always), recording.sizeAt(safe));
      ({ unrepresented } = serializer);
      attached.feed(snapshot);
      const asked = queriesIn(snapshot).map((query) => `asks ${JSON.stringify(query)}`);
      if (asked.length > 0) report(safe, asked);
    };
    const compare = (from: number, offset: number) => {
      if (!attached) return;
      recording.play(attached, from, offset);
      const found = differences(always, attached);
      if (found.length > 0) report(offset, found);
    };
    const report = (offset: number, found: readonly string[]) => {
      unequal.push({ recording: recording.name, ...cut, safe, offset, unrepresented, differences: found });
    };
    return [
      { offset: safe, run: attach },
      { offset: cut.at, run: () => compare(safe, cut.at) },
      {
        offset: cut.later,
        run: () => {
          compare(cut.at, cut.later);
          attached?.[Symbol.dispose]();
        },
      },
    ];
  }
}

/** As it is when it has been in a file. */
function throughCheckpoint(snapshot: Buffer, { cols, rows }: ScreenSize): Uint8Array {
  const about = { offset: 0, marks: 0, cols, rows, scrollback: SCROLLBACK_LINES, doubts: [] };
  const read = decodeCheckpoint(encodeCheckpoint({ ...about, snapshot }));
  if (typeof read === 'string') throw new Error(`a checkpoint can't be read: ${read}`);
  return read.snapshot;
}

/** The same on every run with the same seed. */
export function randomCuts(recording: ScreenRecording, count: number, seed = 1): Cut[] {
  const below = randomBelow(seed);
  const end = recording.bytes.length;
  return Array.from({ length: count }, () => {
    const at = below(end);
    return { at, later: Math.min(end, at + NEXT_BYTES + below(LATER_BYTES)) };
  });
}

/** The same bytes in a terminal that is resized so often that there is a resize behind most cuts, before they are compared again. */
export function randomlyResized(recording: ScreenRecording, seed = 1): ScreenRecording {
  const below = randomBelow(seed);
  const resizes = [];
  for (let offset = below(NEXT_BYTES); offset < recording.bytes.length; offset += 1 + below(2 * NEXT_BYTES))
    resizes.push({ offset, cols: 20 + below(180), rows: 5 + below(50) });
  return recording.resized(resizes);
}
