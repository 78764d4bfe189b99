import { windowSize } from '@holdfast/posix';
import { LIMITS } from '@holdfast/protocol';

/** The size of a terminal, in the bounds of the protocol; a terminal that doesn't know its own is 80x24. */
export function viewport(fd: number): { cols: number; rows: number } {
  const { cols, rows } = windowSize(fd);
  const most = LIMITS.columnsOrRows;
  if (cols === 0 || rows === 0) return { cols: 80, rows: 24 };
  return { cols: Math.min(cols, most), rows: Math.min(rows, most) };
}
