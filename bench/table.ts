import type { Row } from './measure.ts';

/** Rows as aligned text; what looks like a number is set to the right. */
export function table(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const isText = columns.map((column) => rows.some((row) => !isFigure(row[column])));
  const cell = (text: string, at: number) =>
    isText[at] ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
  return lines.map((line) => `  ${line.map(cell).join('  ').trimEnd()}\n`).join('');
}

function isFigure(value: string | number | undefined): boolean {
  return typeof value === 'number' || /^(-?[\d.]+|–)$/.test(value ?? '');
}
