import { Block, copyIn, copyOut, copyOutInto, type Mapping, wholePages } from '@holdfast/posix';

/**
 * When output was written, finely: a mapped ring of blocks of rows, so that noting one costs no system call and can't fail.
 * Newer blocks take the place of the oldest. All numbers are little-endian:
 *
 *     header   u32 magic | u32 schema | f64 blocks begun so far | unused to 64
 *     block    f64 offset | f64 time (ms since 1970) | u32 rows | u32 unused | rows
 *     row      u32 offset behind the block's | u32 ms behind the block's
 *
 * A row says that output from its offset on was written at its time, and what follows it until the next row no more than
 * `TIME_EVERY_MS` later.
 */
const MAGIC = 0x5446_4c48;
const SCHEMA = 1;
const HEADER_BYTES = 64;
const BLOCK_HEADER_BYTES = 24;
const ROW_BYTES = 8;
const ROWS_PER_BLOCK = 128;
const BLOCK_BYTES = BLOCK_HEADER_BYTES + ROWS_PER_BLOCK * ROW_BYTES;
const ROW_COUNT_AT = 16;
const DELTA_MAX = 0xffff_ffff;

/** How far apart rows are at least: 20 pictures a second, and nobody sees a key echoed late. */
const TIME_EVERY_MS = 50;
/** An eighth of the history, within bounds: 16,000 rows beside the history of 1 MiB, which has no more keys and answers than that. */
const FILE_SHARE = 8;
const FILE_BYTES_MIN = 16 * 1024;
const FILE_BYTES_MAX = 512 * 1024;

/** Size of the file beside a history that keeps `capacity` bytes. */
export function timesFileBytes(capacity: number): number {
  return wholePages(Math.min(FILE_BYTES_MAX, Math.max(FILE_BYTES_MIN, capacity / FILE_SHARE)));
}

/** Output from `offset` on was written at `timeMs`, in milliseconds since 1970. */
export interface TimedOffset {
  readonly offset: number;
  readonly timeMs: number;
}

/** A part of what is kept; `next` is where the following one begins, if there is one. */
export interface TimesPage {
  readonly times: TimedOffset[];
  readonly next: number | undefined;
}

interface BlockHead extends TimedOffset {
  readonly rows: number;
}

export class Times {
  readonly #mapping: Mapping;
  readonly #scratch = new Block(HEADER_BYTES);
  readonly #blocks: number;
  /** Between two rows the clock on the wall may be set; that of this process is not. */
  readonly #clockMs = Date.now() - performance.now();
  #begun = 0;
  #current: BlockHead | undefined;
  #lastNowMs = Number.NEGATIVE_INFINITY;
  /** Another daemon has noted times since. */
  #isBehind = false;

  /** Takes over the mapping and begins a new file, or goes on with one. Throws Error if it holds no times. */
  constructor(mapping: Mapping, isNew: boolean) {
    this.#mapping = mapping;
    this.#blocks = Math.floor((mapping.byteCount - HEADER_BYTES) / BLOCK_BYTES);
    if (isNew) this.#writeHeader();
    else this.#read();
  }

  /** Called for each batch of output, which begins at `offset`. `nowMs`: by the clock that nobody sets. */
  output(offset: number, nowMs: number): void {
    if (nowMs - this.#lastNowMs < TIME_EVERY_MS) return;
    this.#lastNowMs = nowMs;
    if (this.#isBehind) this.#read();
    const timeMs = this.#clockMs + nowMs;
    const block = this.#current;
    const offsetDelta = block ? offset - block.offset : 0;
    const msDelta = block ? Math.round(timeMs - block.timeMs) : 0;
    const fits = (delta: number): boolean => delta >= 0 && delta <= DELTA_MAX;
    if (!block || block.rows >= ROWS_PER_BLOCK || !fits(offsetDelta) || !fits(msDelta))
      return this.#begin({ offset, timeMs, rows: 0 });
    const at = this.#addressOf(this.#begun - 1);
    this.#storePair(at + BLOCK_HEADER_BYTES + block.rows * ROW_BYTES, offsetDelta, msDelta);
    // The row comes first: a daemon that is killed in between has noted nothing.
    this.#current = { ...block, rows: block.rows + 1 };
    this.#storePair(at + ROW_COUNT_AT, this.#current.rows, 0);
  }

  /**
   * Some of what is known of the output from an offset on, oldest first; the first may lie before it. At most so many blocks. Of a
   * damaged block nothing is told, and none follows a part that ends before one.
   */
  page(from: number, blocksMax: number): TimesPage {
    if (this.#isBehind) this.#read();
    // While a block is begun it stands where the oldest one was.
    const oldest = Math.max(0, this.#begun - (this.#blocks - 1));
    let first = oldest;
    while (first + 1 < this.#begun && this.#head(first + 1).offset <= from) first += 1;
    const last = Math.min(this.#begun, first + blocksMax);
    const times: TimedOffset[] = [];
    for (let number = first; number < last; number += 1) this.#readInto(times, number);
    const next = last < this.#begun ? this.#head(last).offset : undefined;
    return { times, next: isOffset(next) ? next : undefined };
  }

  /** Goes on behind what stands in the file now, when it is needed: everybody waits for a hand-over. */
  catchUp(): void {
    this.#isBehind = true;
  }

  #read(): void {
    this.#isBehind = false;
    const header = copyOutInto(this.#scratch, this.#mapping.address, HEADER_BYTES);
    if (header.readUInt32LE(0) !== MAGIC || header.readUInt32LE(4) !== SCHEMA)
      throw new Error('the times are damaged, or of another version');
    const begun = header.readDoubleLE(8);
    if (!Number.isSafeInteger(begun) || begun < 0)
      throw new Error('the times are damaged: their count is no number');
    this.#begun = begun;
    this.#current = begun > 0 ? this.#head(begun - 1) : undefined;
  }

  unmap(): void {
    this.#mapping.unmap();
  }

  #begin(head: BlockHead): void {
    const at = this.#addressOf(this.#begun);
    const { view, address } = this.#scratch;
    view.setFloat64(0, head.offset, true);
    view.setFloat64(8, head.timeMs, true);
    view.setUint32(16, 1, true);
    view.setUint32(20, 0, true);
    // The first row: no later, no farther.
    view.setBigUint64(24, 0n, true);
    copyIn(at, address, BLOCK_HEADER_BYTES + ROW_BYTES);
    this.#begun += 1;
    this.#current = { ...head, rows: 1 };
    this.#writeHeader();
  }

  #head(number: number): BlockHead {
    const head = copyOutInto(this.#scratch, this.#addressOf(number), BLOCK_HEADER_BYTES);
    const rows = Math.min(ROWS_PER_BLOCK, head.readUInt32LE(ROW_COUNT_AT));
    return { offset: head.readDoubleLE(0), timeMs: head.readDoubleLE(8), rows };
  }

  #readInto(times: TimedOffset[], number: number): void {
    const block = copyOut(this.#addressOf(number), BLOCK_BYTES);
    const offset = block.readDoubleLE(0);
    const timeMs = block.readDoubleLE(8);
    const rows = Math.min(ROWS_PER_BLOCK, block.readUInt32LE(ROW_COUNT_AT));
    if (!isOffset(offset) || !isOffset(offset + DELTA_MAX) || !Number.isFinite(timeMs)) return;
    for (let at = BLOCK_HEADER_BYTES; at < BLOCK_HEADER_BYTES + rows * ROW_BYTES; at += ROW_BYTES)
      times.push({ offset: offset + block.readUInt32LE(at), timeMs: timeMs + block.readUInt32LE(at + 4) });
  }

  #addressOf(number: number): number {
    return this.#mapping.address + HEADER_BYTES + (number % this.#blocks) * BLOCK_BYTES;
  }

  #storePair(address: number, low: number, high: number): void {
    const { view, address: from } = this.#scratch;
    view.setUint32(0, low, true);
    view.setUint32(4, high, true);
    copyIn(address, from, 8);
  }

  #writeHeader(): void {
    const { bytes, view, address } = this.#scratch;
    bytes.fill(0);
    view.setUint32(0, MAGIC, true);
    view.setUint32(4, SCHEMA, true);
    view.setFloat64(8, this.#begun, true);
    copyIn(this.#mapping.address, address, HEADER_BYTES);
  }
}

function isOffset(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0;
}
