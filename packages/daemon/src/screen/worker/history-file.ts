import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { LEDGER_HEADER_BYTES, readLedgerHeader } from '../../history/ledger-header.ts';
import {
  MARK_ROW_BYTES,
  type Mark,
  markCapacity,
  readMarkCount,
  readMarkRows,
} from '../../history/mark-rows.ts';
import type { HistorySource } from '../messages.ts';

/** How often it is tried again to be faster than a flood, which has overwritten everything that was read. */
const ATTEMPTS = 5;

/** Bytes of the output that were there when they were read. */
export interface Stretch {
  readonly from: number;
  readonly bytes: Buffer;
}

/** The marks of a history, and the number of the first one among all that there ever were. */
export interface NumberedMarks {
  readonly first: number;
  readonly marks: readonly Mark[];
}

/**
 * Reads a history that another thread goes on writing, and asks it nothing. What was overwritten meanwhile is known by the ledger:
 * the daemon stores the new end before it overwrites what that end no longer keeps.
 */
export class HistoryFile implements Disposable {
  readonly #capacity: number;
  readonly #files: { readonly ledger: number; readonly marks: number; readonly ring: number };
  readonly #ringBytes: number;
  readonly #opened: number[] = [];

  /** Throws Node's error if the files can't be opened. */
  constructor(source: HistorySource, capacity: number) {
    this.#capacity = capacity;
    try {
      this.#files =
        'folder' in source
          ? {
              ledger: this.#open(source.folder, 'ledger'),
              marks: this.#open(source.folder, 'marks'),
              ring: this.#open(source.folder, 'ring'),
            }
          : source;
      this.#ringBytes = fstatSync(this.#files.ring).size;
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Offsets: of the first byte ever recorded, of the first one kept, and behind the last one. Throws Error if it is damaged. */
  range(): { readonly begin: number; readonly start: number; readonly end: number } {
    const { begin, end } = readLedgerHeader(readAt(this.#files.ledger, 0, LEDGER_HEADER_BYTES));
    return { begin, start: Math.max(begin, end - this.#capacity), end };
  }

  /** What is kept from an offset on to the end as it is now; of more than `max` bytes, the newest. */
  newest(offset: number, max: number): Stretch {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { start, end } = this.range();
      const stretch = this.read(Math.max(offset, start, end - max), end);
      if (stretch.bytes.length > 0 || stretch.from === end) return stretch;
    }
    const { end } = this.range();
    return { from: end, bytes: Buffer.alloc(0) };
  }

  /** What is kept of these bytes: all, or from a later offset on, or nothing. */
  read(from: number, to: number): Stretch {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, to - from));
    for (let at = from; at < to; ) {
      const place = at % this.#ringBytes;
      const length = Math.min(to - at, this.#ringBytes - place);
      readInto(bytes.subarray(at - from, at - from + length), this.#files.ring, place);
      at += length;
    }
    const lost = Math.min(Math.max(0, this.range().start - from), bytes.length);
    return { from: from + lost, bytes: bytes.subarray(lost) };
  }

  /** Those that are kept, oldest first. Throws Error if they are damaged. */
  marks(): NumberedMarks {
    const { marks: fd } = this.#files;
    const file = readAt(fd, 0, fstatSync(fd).size);
    const written = readMarkCount(file);
    // A row that was being overwritten meanwhile is the oldest one, or before it; a crash that was kept stands behind it, perhaps twice.
    const since = readMarkCount(readAt(fd, 0, MARK_ROW_BYTES));
    const capacity = markCapacity(file.length);
    const first = Math.min(written, since < capacity ? 0 : since - capacity + 1);
    return { first, marks: readMarkRows(file, first, written) };
  }

  [Symbol.dispose](): void {
    for (const fd of this.#opened.splice(0)) closeSync(fd);
  }

  #open(folder: string, name: string): number {
    const fd = openSync(path.join(folder, name), 'r');
    this.#opened.push(fd);
    return fd;
  }
}

function readAt(fd: number, position: number, byteCount: number): Buffer {
  const bytes = Buffer.allocUnsafe(byteCount);
  readInto(bytes, fd, position);
  return bytes;
}

function readInto(bytes: Buffer, fd: number, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) throw new Error('a file of the history is shorter than it was');
    done += count;
  }
}
