import { Block, copyIn, copyOut, copyOutInto, type Mapping, wholePages } from '@holdfast/posix';

/**
 * What happened beside the bytes, by offset: resizes, gaps left by crashes, and when output was written. A mapped ring of
 * rows behind a header row, so that noting one costs no system call and can't fail:
 *
 *     header   u32 magic | u32 schema | u64 rows written so far | 8 bytes unused
 *     row      f64 offset | f64 time (ms since 1970) | u16 kind | u16 cols | u16 rows | u16 unused
 */
const MAGIC = 0x4d46_4c48;
const SCHEMA = 1;
const ROW_BYTES = 24;

export const MARKS_FILE_BYTES: number = wholePages(64 * 1024);
const CAPACITY = Math.floor(MARKS_FILE_BYTES / ROW_BYTES) - 1;

const KIND = { size: 1, crash: 2, time: 3 } as const;

export type Mark =
  | { kind: 'size'; offset: number; timeMs: number; cols: number; rows: number }
  /** The daemon was killed here: up to one read may be missing. */
  | { kind: 'crash'; offset: number; timeMs: number }
  | { kind: 'time'; offset: number; timeMs: number };

/** How far apart time marks are at least: enough for a replay that feels right, 45 minutes of steady output in the file. */
const TIME_MARK_EVERY_MS = 1_000;

export class Marks {
  readonly #mapping: Mapping;
  readonly #scratch = new Block(ROW_BYTES);
  #written = 0;
  #lastTimeMarkMs = Number.NEGATIVE_INFINITY;

  /** Takes over the mapping and begins a new file, or goes on with one. Throws Error if it holds no marks. */
  constructor(mapping: Mapping, isNew: boolean) {
    this.#mapping = mapping;
    if (isNew) this.#writeHeader();
    else this.catchUp();
  }

  size(offset: number, cols: number, rows: number): void {
    this.#append(offset, KIND.size, cols, rows);
  }

  crash(offset: number): void {
    this.#append(offset, KIND.crash);
  }

  /** Called for each batch of output; notes the time now and then. */
  output(offset: number): void {
    // Not by the time of day, which can be set back.
    const nowMs = performance.now();
    if (nowMs - this.#lastTimeMarkMs < TIME_MARK_EVERY_MS) return;
    this.#lastTimeMarkMs = nowMs;
    this.#append(offset, KIND.time);
  }

  /** The marks that are kept, oldest first. */
  all(): Mark[] {
    const file = copyOut(this.#mapping.address, MARKS_FILE_BYTES);
    const marks: Mark[] = [];
    for (let index = Math.max(0, this.#written - CAPACITY); index < this.#written; index += 1) {
      const at = ROW_BYTES * (1 + (index % CAPACITY));
      const offset = file.readDoubleLE(at);
      const timeMs = file.readDoubleLE(at + 8);
      const kind = file.readUInt16LE(at + 16);
      if (kind === KIND.crash) marks.push({ kind: 'crash', offset, timeMs });
      else if (kind === KIND.time) marks.push({ kind: 'time', offset, timeMs });
      else if (kind === KIND.size) {
        marks.push({
          kind: 'size',
          offset,
          timeMs,
          cols: file.readUInt16LE(at + 18),
          rows: file.readUInt16LE(at + 20),
        });
      }
    }
    return marks;
  }

  /** Goes on behind the marks that stand in the file now. Throws Error if it holds no marks. */
  catchUp(): void {
    const header = copyOutInto(this.#scratch, this.#mapping.address, ROW_BYTES);
    if (header.readUInt32LE(0) !== MAGIC)
      throw new Error('the marks are damaged: they do not begin as marks');
    const schema = header.readUInt32LE(4);
    if (schema !== SCHEMA) throw new Error(`the marks have schema ${schema}; this daemon knows ${SCHEMA}`);
    this.#written = Number(header.readBigUInt64LE(8));
    if (!Number.isSafeInteger(this.#written))
      throw new Error('the marks are damaged: their count is no number');
  }

  unmap(): void {
    this.#mapping.unmap();
  }

  #append(offset: number, kind: number, cols = 0, rows = 0): void {
    const { view, address } = this.#scratch;
    view.setFloat64(0, offset, true);
    view.setFloat64(8, Date.now(), true);
    view.setUint16(16, kind, true);
    view.setUint16(18, cols, true);
    view.setUint16(20, rows, true);
    view.setUint16(22, 0, true);
    copyIn(this.#mapping.address + ROW_BYTES * (1 + (this.#written % CAPACITY)), address, ROW_BYTES);
    this.#written += 1;
    this.#writeHeader();
  }

  #writeHeader(): void {
    const { view, address } = this.#scratch;
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, SCHEMA, true);
    view.setBigUint64(8, BigInt(this.#written), true);
    view.setBigUint64(16, 0n, true);
    copyIn(this.#mapping.address, address, ROW_BYTES);
  }
}
