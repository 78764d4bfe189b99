import { displayWidth, printable, truncate } from './printable.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut down to this many columns where the terminal is too narrow. */
  readonly shrinksTo?: number;
}

const GAP = '  ';

/** Lays out aligned rows under their titles; no line is wider than `width`, if that is given. */
export function layOutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const lines = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => displayWidth(line[index] ?? ''))));
  if (width !== undefined) shrink(columns, widths, width - GAP.length * (columns.length - 1));
  return lines
    .map((line) => {
      const cells = columns.map(({ align }, index) => padded(line[index] ?? '', widths[index] ?? 0, align));
      const whole = cells.join(GAP).trimEnd();
      return `${width === undefined ? whole : truncate(whole, width)}\n`;
    })
    .join('');
}

/** Takes columns away from the widest that may shrink until all fit. */
function shrink(columns: readonly Column[], widths: number[], available: number): void {
  let excess = widths.reduce((sum, each) => sum + each, 0) - available;
  while (excess > 0) {
    const widest = columns
      .map(({ shrinksTo }, index) => ({
        index,
        spare: (widths[index] ?? 0) - (shrinksTo ?? Number.POSITIVE_INFINITY),
      }))
      .filter(({ spare }) => spare > 0)
      .toSorted((a, b) => (widths[b.index] ?? 0) - (widths[a.index] ?? 0))[0];
    if (!widest) return;
    widths[widest.index] = (widths[widest.index] ?? 0) - 1;
    excess -= 1;
  }
}

function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, width);
  const padding = ' '.repeat(width - displayWidth(cut));
  return align === 'left' ? cut + padding : padding + cut;
}
