import type { Mark } from './mark-rows.ts';
import type { TimedOffset, Times } from './times.ts';

/** So much is told at a time: 4,096 rows, a millisecond. */
const BLOCKS_AT_ONCE = 32;

export interface SizeChange {
  readonly offset: number;
  readonly cols: number;
  readonly rows: number;
  readonly timeMs: number;
}

/** What is known about when a part of the output was written, and for which size of terminal. */
export interface Timeline {
  /** Output from the offset on was written at that time. By offset. */
  readonly times: TimedOffset[];
  /** By offset; the first is the size that holds at the beginning of the part, if that is known. */
  readonly sizes: SizeChange[];
  /** Where the next part begins; undefined behind the last one. */
  readonly next: number | undefined;
}

interface Sources {
  readonly marks: readonly Mark[];
  readonly times: Times | undefined;
  readonly end: number;
}

/** The part that begins at an offset. */
export function timelineOf({ marks, times, end }: Sources, from: number): Timeline {
  const fine = times?.page(from, BLOCKS_AT_ONCE);
  const next = fine?.next !== undefined && fine.next > from ? fine.next : undefined;
  // The last instruction of a daemon may have been anywhere: what lies beyond the output is not believed.
  const to = Math.min(next ?? Number.POSITIVE_INFINITY, end + 1);
  const isHere = ({ offset }: { offset: number }): boolean => offset >= from && offset < to;
  const coarse = marks.filter((mark) => mark.kind === 'time');
  const known = [...(fine?.times ?? []), ...coarse].toSorted((one, other) => one.offset - other.offset);
  const before = known.findLast(({ offset }) => offset < from);
  const told = [...(before ? [before] : []), ...known.filter(isHere)];
  return {
    times: told.map(({ offset, timeMs }) => ({ offset, timeMs })),
    sizes: sizesOf(marks, from, isHere),
    next,
  };
}

function sizesOf(marks: readonly Mark[], from: number, isHere: (mark: Mark) => boolean): SizeChange[] {
  const all = marks.filter((mark) => mark.kind === 'size');
  // Of a change both sizes are marked: the first mark that is kept tells of what was before it, too.
  const first = all.findLast(({ offset }) => offset <= from) ?? all[0];
  if (!first) return [];
  const changes = all.filter((mark) => mark.offset > from && isHere(mark));
  const told = [{ ...first, offset: from }, ...changes];
  return told.map(({ offset, cols, rows, timeMs }) => ({ offset, cols, rows, timeMs }));
}
