import { displayWidth, printable, truncate } from './printable.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut down to this many columns where the terminal is too narrow. */
  readonly shrinksTo?: number;
  /** Left out where the terminal is too narrow even so; those furthest to the right go first. */
  readonly isDispensable?: boolean;
}

const GAP = '  ';

/** Lays out aligned rows under their titles; no line is wider than `width`, if that is given. */
export function layOutTable(
  allColumns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): string {
  const allLines = [allColumns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const allWidths = allColumns.map((_, index) =>
    Math.max(...allLines.map((line) => displayWidth(line[index] ?? ''))),
  );
  const kept = fitting(allColumns, allWidths, width ?? Number.POSITIVE_INFINITY);
  const columns = kept.flatMap((index) => allColumns[index] ?? []);
  const widths = kept.map((index) => allWidths[index] ?? 0);
  const lines = allLines.map((line) => kept.map((index) => line[index] ?? ''));
  if (width !== undefined) shrink(columns, widths, width - GAP.length * (columns.length - 1));
  return lines
    .map((line) => {
      const cells = columns.map(({ align }, index) => padded(line[index] ?? '', widths[index] ?? 0, align));
      const whole = cells.join(GAP).trimEnd();
      return `${width === undefined ? whole : truncate(whole, width)}\n`;
    })
    .join('');
}

/** Which columns have room, each as narrow as it may be. */
function fitting(columns: readonly Column[], widths: readonly number[], available: number): number[] {
  const kept = columns.map((_, index) => index);
  const least = (index: number) => Math.min(widths[index] ?? 0, columns[index]?.shrinksTo ?? Infinity);
  const needed = () => kept.reduce((sum, index) => sum + least(index) + GAP.length, -GAP.length);
  while (needed() > available) {
    const last = kept.findLastIndex((index) => columns[index]?.isDispensable);
    if (last === -1) break;
    kept.splice(last, 1);
  }
  return kept;
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
