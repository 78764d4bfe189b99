import { Block, copyIn, copyOut, copyOutInto, type Mapping, wholePages } from '@holdfast/posix';
import {
  MARK_KIND,
  MARK_KIND_AT,
  MARK_ROW_BYTES,
  type Mark,
  markCapacity,
  MARKS_MAGIC,
  MARKS_SCHEMA,
  readMarkCount,
  readMarkRows,
} from './mark-rows.ts';

/**
 * What happened beside the bytes, by offset: resizes, gaps left by crashes, and when output was written. A mapped ring of
 * rows behind a header row, so that noting one costs no system call and can't fail; `mark-rows.ts` has its layout.
 */
export const MARKS_FILE_BYTES: number = wholePages(64 * 1024);
const CAPACITY = markCapacity(MARKS_FILE_BYTES);

/** How far apart time marks are at least: 45 minutes of steady output in the file. What is newer, `times.ts` knows finely. */
const TIME_MARK_EVERY_MS = 1_000;

/** Crashes that stay however much is noted after them; more than happen while a history keeps its output. */
const CRASHES_KEPT = 64;

export class Marks {
  readonly #mapping: Mapping;
  readonly #scratch = new Block(MARK_ROW_BYTES);
  #written = 0;
  #lastTimeMarkMs = Number.NEGATIVE_INFINITY;

  /** Takes over the mapping and begins a new file, or goes on with one. Throws Error if it holds no marks. */
  constructor(mapping: Mapping, isNew: boolean) {
    this.#mapping = mapping;
    if (isNew) this.#writeHeader();
    else this.catchUp();
  }

  size(offset: number, cols: number, rows: number): void {
    this.#append(offset, MARK_KIND.size, cols, rows);
  }

  crash(offset: number): void {
    this.#append(offset, MARK_KIND.crash);
  }

  /** Called for each batch of output; notes the time now and then. `nowMs`: not by the time of day, which can be set back. */
  output(offset: number, nowMs: number): void {
    if (nowMs - this.#lastTimeMarkMs < TIME_MARK_EVERY_MS) return;
    this.#lastTimeMarkMs = nowMs;
    this.#append(offset, MARK_KIND.time);
  }

  /** The marks that are kept, oldest first. */
  all(): Mark[] {
    const file = copyOut(this.#mapping.address, MARKS_FILE_BYTES);
    return readMarkRows(file, Math.max(0, this.#written - CAPACITY), this.#written);
  }

  /** Goes on behind the marks that stand in the file now. Throws Error if it holds no marks. */
  catchUp(): void {
    this.#written = readMarkCount(copyOutInto(this.#scratch, this.#mapping.address, MARK_ROW_BYTES));
  }

  unmap(): void {
    this.#mapping.unmap();
  }

  #append(offset: number, kind: number, cols = 0, rows = 0): void {
    this.#keepCrashes();
    const { view, address } = this.#scratch;
    view.setFloat64(0, offset, true);
    view.setFloat64(8, Date.now(), true);
    view.setUint16(MARK_KIND_AT, kind, true);
    view.setUint16(18, cols, true);
    view.setUint16(20, rows, true);
    view.setUint16(22, 0, true);
    copyIn(this.#addressOf(this.#written), address, MARK_ROW_BYTES);
    this.#written += 1;
    this.#writeHeader();
  }

  /**
   * Crashes that would be overwritten next take the place of the mark behind them: sizes and times are good to know, but where
   * bytes may be missing must be told as long as the output is kept, and that may be long where little is written.
   */
  #keepCrashes(): void {
    if (this.#written < CAPACITY) return;
    let crashes = 0;
    while (crashes <= CRASHES_KEPT && this.#isCrash(this.#written + crashes)) crashes += 1;
    if (crashes > CRASHES_KEPT) return;
    // The newest first: killed in between, one of them stands there twice, and none is lost.
    for (let to = this.#written + crashes; to > this.#written; to -= 1)
      copyIn(this.#addressOf(to), this.#addressOf(to - 1), MARK_ROW_BYTES);
  }

  #isCrash(index: number): boolean {
    const row = copyOutInto(this.#scratch, this.#addressOf(index), MARK_ROW_BYTES);
    return row.readUInt16LE(MARK_KIND_AT) === MARK_KIND.crash;
  }

  /** Where the row of that number stands: in the place of the one that is `CAPACITY` older. */
  #addressOf(index: number): number {
    return this.#mapping.address + MARK_ROW_BYTES * (1 + (index % CAPACITY));
  }

  #writeHeader(): void {
    const { view, address } = this.#scratch;
    view.setUint32(0, MARKS_MAGIC, true);
    view.setUint32(4, MARKS_SCHEMA, true);
    view.setBigUint64(8, BigInt(this.#written), true);
    view.setBigUint64(16, 0n, true);
    copyIn(this.#mapping.address, address, MARK_ROW_BYTES);
  }
}
