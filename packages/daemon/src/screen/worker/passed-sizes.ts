import { SCROLLBACK_LINES } from '@holdfast/screen';
import type { Mark } from '../../history/mark-rows.ts';

/** So many cells are laid out anew in one place, lines above the screen included: half a second, or 70 sizes of 200 x 50. */
const LAID_OUT_CELLS = 16 * 1024 * 1024;

/**
 * The sizes that need not be gone through: of those with no output between them the last are, and no more than take a moment. What is
 * between them is not for nothing, as lines that a narrow terminal pushes out at the top don't come back; so a window that is dragged is
 * followed step by step, and whoever resizes without end is not.
 */
export function passedSizes(marks: readonly Mark[], from: number): ReadonlySet<Mark> {
  const passed = new Set<Mark>();
  let next: (Mark & { kind: 'size' }) | undefined;
  let cells = 0;
  for (const mark of marks.toReversed()) {
    if (mark.kind !== 'size') continue;
    const isSamePlace = next !== undefined && Math.max(mark.offset, from) === Math.max(next.offset, from);
    if (!isSamePlace) cells = 0;
    // The same once more costs nothing.
    if (!isSamePlace || mark.cols !== next?.cols || mark.rows !== next.rows)
      cells += mark.cols * (mark.rows + SCROLLBACK_LINES);
    if (isSamePlace && cells > LAID_OUT_CELLS) passed.add(mark);
    next = mark;
  }
  return passed;
}
