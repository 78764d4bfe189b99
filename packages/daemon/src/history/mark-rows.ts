import { LIMITS } from '@holdfast/protocol';

/**
 * The rows of a marks file, for `marks.ts`, which writes them, and for those who only look, and call no libc:
 *
 *     header   u32 magic | u32 schema | u64 rows written so far | 8 bytes unused
 *     row      f64 offset | f64 time (ms since 1970) | u16 kind | u16 cols | u16 rows | u16 unused
 */
export const MARKS_MAGIC = 0x4d46_4c48;
export const MARKS_SCHEMA = 1;
export const MARK_ROW_BYTES = 24;
export const MARK_KIND_AT = 16;

export const MARK_KIND = { size: 1, crash: 2, time: 3 } as const;

export type Mark =
  | { kind: 'size'; offset: number; timeMs: number; cols: number; rows: number }
  /** The daemon was killed here: up to one read may be missing. */
  | { kind: 'crash'; offset: number; timeMs: number }
  | { kind: 'time'; offset: number; timeMs: number };

/** How many rows a file of that size keeps. */
export function markCapacity(fileBytes: number): number {
  return Math.floor(fileBytes / MARK_ROW_BYTES) - 1;
}

/** How many rows were ever written, by the file's header. Throws Error if it holds no marks. */
export function readMarkCount(header: Buffer): number {
  if (header.readUInt32LE(0) !== MARKS_MAGIC)
    throw new Error('the marks are damaged: they do not begin as marks');
  const schema = header.readUInt32LE(4);
  if (schema !== MARKS_SCHEMA)
    throw new Error(`the marks have schema ${schema}; this daemon knows ${MARKS_SCHEMA}`);
  const written = Number(header.readBigUInt64LE(8));
  if (!Number.isSafeInteger(written)) throw new Error('the marks are damaged: their count is no number');
  return written;
}

/** The marks from the row numbered `from` to the one before `written`, oldest first, without damaged ones. Both must be kept in the file. */
export function readMarkRows(file: Buffer, from: number, written: number): Mark[] {
  const capacity = markCapacity(file.length);
  const marks: Mark[] = [];
  for (let index = from; index < written; index += 1) {
    const mark = readMark(file, MARK_ROW_BYTES * (1 + (index % capacity)));
    if (mark) marks.push(mark);
  }
  return marks;
}

function readMark(file: Buffer, at: number): Mark | undefined {
  const offset = file.readDoubleLE(at);
  const timeMs = file.readDoubleLE(at + 8);
  if (!(Number.isSafeInteger(offset) && offset >= 0 && Number.isFinite(timeMs))) return undefined;
  switch (file.readUInt16LE(at + MARK_KIND_AT)) {
    case MARK_KIND.crash:
      return { kind: 'crash', offset, timeMs };
    case MARK_KIND.time:
      return { kind: 'time', offset, timeMs };
    case MARK_KIND.size: {
      const [cols, rows] = [file.readUInt16LE(at + 18), file.readUInt16LE(at + 20)];
      return isExtent(cols) && isExtent(rows) ? { kind: 'size', offset, timeMs, cols, rows } : undefined;
    }
    default:
      return undefined;
  }
}

/** No terminal has another; what shows the session would take memory for it. */
function isExtent(cells: number): boolean {
  return cells >= 1 && cells <= LIMITS.columnsOrRows;
}
