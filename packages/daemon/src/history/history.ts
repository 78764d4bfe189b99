import fs from 'node:fs';
import path from 'node:path';
import { close, mapFile, mapRing, openAllocated, openAnonymous } from '@holdfast/posix';
import { LEDGER_BYTES, Ledger } from './ledger.ts';
import { MARKS_FILE_BYTES, Marks } from './marks.ts';
import { Ring, ringFileBytes } from './ring.ts';

/** The newest bytes of a session's output, by offset, and what is known beside them. */
export class History {
  readonly ledger: Ledger;
  readonly marks: Marks;
  /** Bytes kept at most. */
  readonly capacity: number;
  readonly #ring: Ring;
  #end: number;

  private constructor(parts: { ring: Ring; ledger: Ledger; marks: Marks; capacity: number }) {
    this.#ring = parts.ring;
    this.ledger = parts.ledger;
    this.marks = parts.marks;
    this.capacity = parts.capacity;
    this.#end = parts.ledger.end;
  }

  /**
   * Opens a session's history files in a folder, creating what is missing; all their blocks are allocated.
   * Throws Node's or posix's error (ENOSPC, EDQUOT, EACCES…), or Error if a file is damaged.
   */
  static open(folder: string, capacity: number): History {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return History.#assemble(capacity, (name, byteCount) =>
      openAllocated(path.join(folder, name), byteCount),
    );
  }

  /** A history without files, for when there is no disk to put one on: it lives as long as this daemon and its successors. */
  static openWithoutFiles(capacity: number): History {
    return History.#assemble(capacity, (name, byteCount) => openAnonymous(`holdfast-${name}`, byteCount));
  }

  static #assemble(capacity: number, open: (name: string, byteCount: number) => number): History {
    const mapped = <T>(name: string, byteCount: number, map: (fd: number) => T): T => {
      const fd = open(name, byteCount);
      try {
        return map(fd);
      } finally {
        // A mapping keeps its file; a descriptor each would count against the limit.
        close(fd);
      }
    };
    const ringBytes = ringFileBytes(capacity);
    const ledger = mapped('ledger', LEDGER_BYTES, (fd) => new Ledger(mapFile(fd, LEDGER_BYTES)));
    const marks = mapped('marks', MARKS_FILE_BYTES, (fd) => new Marks(mapFile(fd, MARKS_FILE_BYTES)));
    const ring = mapped('ring', ringBytes, (fd) => new Ring(mapRing(fd, ringBytes)));
    return new History({ ring, ledger, marks, capacity });
  }

  /** Offset behind the newest byte: how many were recorded since the session began. */
  get end(): number {
    return this.#end;
  }

  /** Offset of the oldest byte kept. */
  get start(): number {
    return Math.max(0, this.#end - this.capacity);
  }

  /** Where the next read goes; there is room for READ_BYTES. */
  get writeAddress(): number {
    return this.#ring.addressOf(this.#end);
  }

  /** Counts bytes that were read to `writeAddress`. */
  append(byteCount: number): void {
    this.#end += byteCount;
    this.ledger.recordEnd(this.#end);
  }

  /** Where byte `offset` stands; all up to `end` is contiguous. `offset` must not be before `start`. */
  addressOf(offset: number): number {
    return this.#ring.addressOf(offset);
  }

  close(): void {
    this.#ring.unmap();
    this.ledger.unmap();
    this.marks.unmap();
  }
}
