import type { Emulator } from './emulator.ts';
import { DEFAULT_PEN, isSamePen, selectPen } from './pen.ts';
import { type Run, type ShownOptions, shownRows } from './shown-rows.ts';
import { withoutTrailingSpaces } from './trailing-spaces.ts';

/** What a terminal shows, a line for each row, without the spaces at the ends of rows. */
export function drawText(emulator: Emulator, options: ShownOptions): string {
  const lines = shownRows(emulator, options).map(textOf);
  return lines.map((line) => `${withoutTrailingSpaces(line)}\n`).join('');
}

/** The same with colours and attributes, as a terminal takes them (SGR); each line ends with the default ones. */
export function drawAnsi(emulator: Emulator, options: ShownOptions): string {
  return shownRows(emulator, options)
    .map((runs) => `${ansiOf(runs)}\n`)
    .join('');
}

export function textOf(runs: readonly Run[]): string {
  return runs.map(({ text }) => text).join('');
}

export function ansiOf(runs: readonly Run[]): string {
  let out = '';
  let pen = DEFAULT_PEN;
  for (const run of runs) {
    if (!isSamePen(run.pen, pen)) out += selectPen(run.pen);
    pen = run.pen;
    out += run.text;
  }
  return isSamePen(pen, DEFAULT_PEN) ? out : `${out}\x1b[m`;
}
