import { differences, type Emulator, type Emulators, SafeOffset, type Serializer } from '@holdfast/screen';
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
 * Compares a terminal that was always attached with one that attaches at each cut, and is given the snapshot of the last safe offset and
 * the bytes from there. Gives the cuts at which, or behind which, the two are not the same.
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
      attached.feed(serializer.serialize(always));
      ({ unrepresented } = serializer);
    };
    const compare = (from: number, offset: number) => {
      if (!attached) return;
      recording.play(attached, from, offset);
      const found = differences(always, attached);
      if (found.length === 0) return;
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

/** The same on every run. */
export function randomCuts(recording: ScreenRecording, count: number, seed = 1): Cut[] {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const end = recording.bytes.length;
  return Array.from({ length: count }, () => {
    const at = below(end);
    return { at, later: Math.min(end, at + NEXT_BYTES + below(LATER_BYTES)) };
  });
}
