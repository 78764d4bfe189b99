import type { Emulator } from './emulator.ts';
import { HAS_EXTENDED } from './cell-words.ts';
import type { Line } from './internals.ts';
import { DEFAULT_PEN, isSamePen, marksSpaces, type Pen, penOf, visiblePen } from './pen.ts';
import { cellText, cellWidth, isPlaceholder } from './row-painter.ts';
import { withoutTrailingSpaces } from './trailing-spaces.ts';

/** Neighbouring cells of a row that are drawn alike, each one column wide; or one cell with a wide character. */
export interface Run {
  readonly text: string;
  readonly pen: Pen;
  readonly isWide: boolean;
}

export interface ShownOptions {
  /** Lines above the screen, as far as there are any. The alternate buffer has none. */
  readonly historyLines: number;
}

/** What somebody sees of a terminal: its rows from the top, without the blank ends of rows. */
export function shownRows(emulator: Emulator, { historyLines }: ShownOptions): Run[][] {
  const { internals, cols, rows } = emulator;
  const { lines, ybase } = internals.isAlternate ? internals.alternate : internals.normal;
  const shown: Run[][] = [];
  for (let y = Math.max(0, ybase - historyLines); y < ybase + rows; y += 1) {
    const line = lines.get(y);
    shown.push(line ? shownRow(line, cols) : []);
  }
  return shown;
}

/** One row, without its blank end; with it if the row's line goes on in the next one. */
export function shownRow(line: Line, cols: number, { goesOn = false }: { goesOn?: boolean } = {}): Run[] {
  const runs = runsOf(line, Math.min(cols, line.length));
  return goesOn ? runs : withoutBlankEnd(runs);
}

function runsOf(line: Line, length: number): Run[] {
  const runs: Run[] = [];
  let run = { text: '', pen: DEFAULT_PEN, isWide: false };
  let before = { foreground: 0, background: 0, pen: DEFAULT_PEN };
  for (let at = 0; at < length; at += 1) {
    // The second half of a wide character; alone, it is drawn as a space.
    if (at > 0 && isPlaceholder(line, at) && cellWidth(line, at - 1) === 2) continue;
    const words = { foreground: line._data[at * 3 + 1] ?? 0, background: line._data[at * 3 + 2] ?? 0 };
    // Most cells are drawn as the one before, and their words say so.
    const isAlike =
      words.foreground === before.foreground &&
      words.background === before.background &&
      (words.background & HAS_EXTENDED) === 0;
    if (!isAlike) before = { ...words, pen: penAt(line, at) };
    const { pen } = before;
    const text = cellText(line, at) || ' ';
    const isWide = cellWidth(line, at) === 2;
    if (!isWide && !run.isWide && (pen === run.pen || isSamePen(pen, run.pen))) {
      run.text += text;
      continue;
    }
    if (run.text !== '') runs.push(run);
    run = { text, pen, isWide };
  }
  if (run.text !== '') runs.push(run);
  return runs;
}

function penAt(line: Line, at: number): Pen {
  const foreground = (line._data[at * 3 + 1] ?? 0) | 0;
  const background = (line._data[at * 3 + 2] ?? 0) | 0;
  return visiblePen(penOf(foreground, background, line._extendedAttrs[at]));
}

function withoutBlankEnd(runs: Run[]): Run[] {
  for (let last = runs.at(-1); last && !marksSpaces(last.pen); last = runs.at(-1)) {
    const text = withoutTrailingSpaces(last.text);
    if (text === last.text) break;
    runs.pop();
    if (text !== '') runs.push({ ...last, text });
  }
  return runs;
}
