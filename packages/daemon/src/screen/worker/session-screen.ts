import {
  type Checkpoint,
  type Doubt,
  type Emulator,
  type Emulators,
  type Gap,
  SafeOffset,
  SCROLLBACK_LINES,
  type ScreenSize,
  type Serializer,
  Skimmer,
} from '@holdfast/screen';
import { followEveryBytes } from '../follow-every.ts';
import type { HistoryFile, NumberedMarks, Stretch } from './history-file.ts';
import { passedSizes } from './passed-sizes.ts';

/** So much of what was not looked at yet is parsed, at 13 MB/s or more. The output before it is skimmed: nobody has seen it. */
const PARSED_BYTES = 4 * 1024 * 1024;
/** So much is shown at once of what nobody looks at: whoever looks at another screen meanwhile waits 10 to 20 ms for it. */
const PIECE_BYTES = 256 * 1024;
/** So much is skimmed, at 100 MB/s or more. What is still older is left out. */
const SKIMMED_BYTES = 64 * 1024 * 1024;
const SKIMMED_AT_ONCE = 256 * 1024;
/** How far a line or a sequence is looked for where output begins in the middle. */
const MIDST_BYTES = 4096;
/** What is in doubt no more where the program has reset its terminal. */
const SETTLED_BY_RESET: readonly Doubt[] = ['history', 'skimmed', 'crash', 'size', 'unrepresented'];
const LINE_FEED = 0x0a;
const ESC = 0x1b;

/** How a screen does that nobody looks at: all was shown, a piece of it, or it is behind and will not be shown all. */
export type Pace = 'shown' | 'more' | 'behind';

interface KeepingUp {
  /** Bytes that the history keeps. */
  readonly capacity: number;
  readonly isFlood: boolean;
  readonly upTo: number;
}

/** What is needed to show a session. */
export interface SessionOutput {
  readonly history: HistoryFile;
  /** What no mark says otherwise. */
  readonly sizeNow: ScreenSize;
}

/**
 * A terminal that has been shown a session's output up to an offset, which is always a safe one: a snapshot can be made there, and
 * what comes next in the output goes on from it.
 */
export class SessionScreen implements Disposable {
  readonly emulator: Emulator;
  readonly #doubts = new Set<Doubt>();
  #gap: Gap | undefined;
  #size: ScreenSize;
  #offset: number;
  /** Number of the first mark that has not had its effect. */
  #nextMark = 0;

  private constructor(emulator: Emulator, at: ScreenSize & { readonly offset: number }) {
    this.emulator = emulator;
    this.#size = { cols: at.cols, rows: at.rows };
    this.#offset = at.offset;
    // A full reset: nothing of what came before is seen, or has an effect, any more.
    emulator.terminal.parser.registerEscHandler({ final: 'c' }, () => {
      for (const doubt of SETTLED_BY_RESET) this.#doubts.delete(doubt);
      this.#gap = undefined;
      return false;
    });
  }

  /** At the beginning of the session's output. */
  static begin(emulators: Emulators, { history, sizeNow }: SessionOutput): SessionScreen {
    const { begin } = history.range();
    const { cols, rows } = history.marks().marks.find((mark) => mark.kind === 'size') ?? sizeNow;
    const screen = new SessionScreen(emulators.open({ cols, rows }), { cols, rows, offset: begin });
    // An earlier history was lost, and what it held.
    if (begin > 0) screen.#missed('history', { from: 0, to: begin });
    if (emulators.missing.size > 0) screen.#doubts.add('emulator');
    return screen;
  }

  /** Where it was once; undefined if that is nowhere in this history's output. */
  static restore(
    emulators: Emulators,
    { history }: SessionOutput,
    checkpoint: Checkpoint,
  ): SessionScreen | undefined {
    const { begin, end } = history.range();
    const { offset, marks, scrollback, doubts, gap, snapshot } = checkpoint;
    if (offset < begin || offset > end || scrollback !== SCROLLBACK_LINES) return undefined;
    const known = history.marks();
    if (marks > known.first + known.marks.length) return undefined;
    const screen = new SessionScreen(emulators.open(checkpoint), checkpoint);
    screen.emulator.feed(snapshot);
    for (const doubt of doubts) screen.#doubts.add(doubt);
    screen.#gap = gap;
    screen.#nextMark = marks;
    return screen;
  }

  get offset(): number {
    return this.#offset;
  }

  /** As it was set, which is not always what the emulator can be. */
  get size(): ScreenSize {
    return this.#size;
  }

  /** Why it may differ from what a terminal shows that was always there. */
  get doubts(): Doubt[] {
    return [...this.#doubts];
  }

  /** The output that it was not shown, if there is any. */
  get gap(): Gap | undefined {
    return this.#gap;
  }

  /** For `restore`. */
  checkpoint(serializer: Serializer): Checkpoint {
    const snapshot = serializer.serialize(this.emulator);
    const doubts = new Set(this.#doubts);
    if (serializer.unrepresented.length > 0) doubts.add('unrepresented');
    return {
      ...this.#size,
      offset: this.#offset,
      marks: this.#nextMark,
      scrollback: SCROLLBACK_LINES,
      doubts: [...doubts],
      gap: this.#gap,
      snapshot,
    };
  }

  /**
   * Shows what there is by now, or what there is before an offset, to the last safe offset. Throws Error if the history can't be read.
   */
  follow({ history, sizeNow }: SessionOutput, upTo: number = Number.POSITIVE_INFINITY): void {
    const { start, end: newest } = history.range();
    const end = Math.min(newest, upTo);
    if (end < this.#offset) return;
    const parsedFrom = end - PARSED_BYTES;
    if (parsedFrom > this.#offset) this.#skim(history, Math.max(this.#offset, start), parsedFrom);
    let stretch =
      end < newest
        ? history.read(Math.max(this.#offset, start, parsedFrom), end)
        : history.newest(this.#offset, PARSED_BYTES);
    stretch = { from: stretch.from, bytes: stretch.bytes.subarray(0, Math.max(0, upTo - stretch.from)) };
    if (stretch.from > this.#offset) {
      // Either it is not kept any more, or a flood has gone on meanwhile.
      stretch = fromCleanPlace(stretch);
      this.#missed('history', { from: this.#offset, to: stretch.from });
    }
    this.#show(stretch, history.marks(), sizeNow);
  }

  /**
   * Shows the next piece of what has come though nobody looks, up to an offset, and faster than it goes on coming. Of a flood, in which that
   * can't be, what it sets is taken while the history has it, but for the end: who looks gets that. Throws Error if the history can't be read.
   */
  keepUp(output: SessionOutput, { capacity, isFlood, upTo }: KeepingUp): Pace {
    const { history } = output;
    const end = Math.min(history.range().end, upTo);
    const every = followEveryBytes(capacity);
    let left = PIECE_BYTES;
    while (this.#offset < end) {
      const { start, end: newest } = history.range();
      if (isFlood || newest - this.#offset > Math.min((capacity * 7) / 8, PARSED_BYTES)) {
        const to = newest - every / 2;
        if (to > this.#offset) this.#skim(history, Math.max(this.#offset, start), to);
        return 'behind';
      }
      if (left === 0) return 'more';
      const before = this.#offset;
      const step = Math.min(every / 4, left);
      left -= step;
      this.follow(output, Math.min(end, before + step));
      // A sequence that is longer.
      for (let more = 2 * step; this.#offset === before && before + more / 2 < end; more *= 2) {
        this.follow(output, Math.min(end, before + more));
        left = 0;
      }
      if (this.#offset === before) break;
    }
    return 'shown';
  }

  #skim(history: HistoryFile, start: number, to: number): void {
    const skimmer = new Skimmer();
    const from = Math.max(start, to - SKIMMED_BYTES);
    if (from > this.#offset) this.#doubts.add('history');
    for (let at = from; at < to; at += SKIMMED_AT_ONCE) {
      const stretch = history.read(at, Math.min(to, at + SKIMMED_AT_ONCE));
      // A flood has gone on meanwhile.
      if (stretch.from > at) this.#doubts.add('history');
      this.emulator.feed(skimmer.skim(stretch.bytes));
    }
    const { from: shown, bytes } = fromCleanPlace(history.read(to, to + MIDST_BYTES));
    const end = bytes.length > 0 ? shown : to;
    this.#missed('skimmed', { from: this.#offset, to: end });
    this.#offset = end;
  }

  #missed(doubt: Doubt, { from, to }: Gap): void {
    this.#doubts.add(doubt);
    this.#gap = { from: this.#gap?.from ?? from, to };
  }

  #show({ from, bytes }: Stretch, { first, marks }: NumberedMarks, sizeNow: ScreenSize): void {
    const output = new SafeOffset(from);
    output.push(bytes);
    const to = output.safe;
    let at = from;
    const showTo = (offset: number): void => {
      if (offset <= at) return;
      this.emulator.feed(bytes.subarray(at - from, offset - from));
      at = offset;
    };
    const hasMissed = first > this.#nextMark;
    const due = marks.slice(Math.max(0, this.#nextMark - first)).filter((mark) => mark.offset <= to);
    const passed = passedSizes(due, from);
    this.#nextMark = Math.max(this.#nextMark, first) + due.length;
    for (const mark of due) {
      showTo(mark.offset);
      if (mark.kind === 'crash') this.#doubts.add('crash');
      else if (passed.has(mark)) this.#doubts.add('size');
      else if (mark.kind === 'size') this.#resize(mark);
    }
    showTo(to);
    this.#offset = to;
    if (!hasMissed) return;
    // What was older than the marks that are kept may have had another size.
    this.#doubts.add('size');
    if (!marks.some(({ kind }) => kind === 'size')) this.#resize(sizeNow);
  }

  #resize({ cols, rows }: ScreenSize): void {
    if (cols === this.#size.cols && rows === this.#size.rows) return;
    this.#size = { cols, rows };
    this.emulator.resize(this.#size);
  }

  [Symbol.dispose](): void {
    this.emulator[Symbol.dispose]();
  }
}

/** Without what may be the end of a sequence, a character or a line whose beginning is missing. */
function fromCleanPlace({ from, bytes }: Stretch): Stretch {
  const midst = bytes.subarray(0, MIDST_BYTES);
  const line = midst.indexOf(LINE_FEED) + 1;
  const sequence = midst.indexOf(ESC);
  const at = line > 0 ? line : Math.max(0, sequence);
  return { from: from + at, bytes: bytes.subarray(at) };
}
