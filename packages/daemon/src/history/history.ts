import fs from 'node:fs';
import path from 'node:path';
import {
  Block,
  close,
  copyIn,
  copyOutInto,
  type Mapping,
  mapFile,
  mapRing,
  openAllocated,
  openAnonymous,
  reopenAllocated,
} from '@holdfast/posix';
import { LEDGER_BYTES, Ledger } from './ledger.ts';
import { MARKS_FILE_BYTES, Marks } from './marks.ts';
import { Ring, ringFileBytes } from './ring.ts';
import { type Timeline, timelineOf } from './timeline.ts';
import { Times, timesFileBytes } from './times.ts';

export interface HistoryDescriptors {
  readonly ledger: number;
  readonly marks: number;
  readonly ring: number;
}

type HistoryMappings = Readonly<Record<keyof HistoryDescriptors, Mapping>>;

interface FileSource {
  /** The files are created, not opened again. */
  readonly isNew: boolean;
  /** Offset of the first byte, of new ones. */
  readonly begin?: number;
  /** Returns a descriptor of the file of that name, which has so many bytes. */
  readonly open: (name: keyof HistoryDescriptors, byteCount: number) => number;
  /** The descriptors stay open, for a successor. */
  readonly keepsDescriptors?: boolean;
  readonly times?: () => Times | undefined;
}

/** The newest bytes of a session's output, by offset, and what is known beside them. */
export class History {
  readonly ledger: Ledger;
  readonly marks: Marks;
  /** Bytes kept at most. */
  readonly capacity: number;
  /** Only beside files: without them, the marks tell the time well enough. */
  #times: Times | undefined;
  #descriptors: HistoryDescriptors | undefined;
  readonly #mappings: HistoryMappings;
  readonly #ring: Ring;
  /** Offset of the first byte that was ever recorded here. */
  readonly #begin: number;
  #end: number;
  #isClosed = false;

  private constructor(parts: {
    ring: Ring;
    ledger: Ledger;
    marks: Marks;
    capacity: number;
    mappings: HistoryMappings;
    descriptors: HistoryDescriptors | undefined;
    times: Times | undefined;
  }) {
    this.#times = parts.times;
    this.#descriptors = parts.descriptors;
    this.#mappings = parts.mappings;
    this.#ring = parts.ring;
    this.ledger = parts.ledger;
    this.marks = parts.marks;
    this.capacity = parts.capacity;
    this.#begin = parts.ledger.begin;
    this.#end = parts.ledger.end;
  }

  /**
   * Creates a session's history files in a folder of its own; all their blocks are allocated. The first byte will have the
   * offset `begin`. Throws Node's or posix's error: ENOSPC, EDQUOT, EACCES…
   */
  static create(folder: string, capacity: number, begin = 0): History {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return History.#assemble(capacity, {
      isNew: true,
      begin,
      open: (name, byteCount) => openAllocated(path.join(folder, name), byteCount),
      times: () => openTimes(folder, capacity),
    });
  }

  /** Opens the history that a daemon before this one left in a folder. Throws Error if a file is missing or damaged. */
  static reopen(folder: string, capacity: number): History {
    return History.#assemble(capacity, {
      isNew: false,
      open: (name, byteCount) => reopenAllocated(path.join(folder, name), byteCount),
      times: () => openTimes(folder, capacity),
    });
  }

  /** A history without files, for when there is no disk to put one on: it lives as long as this daemon and its successors. */
  static withoutFiles(capacity: number, begin = 0): History {
    return History.#assemble(capacity, {
      isNew: true,
      begin,
      keepsDescriptors: true,
      open: (name, byteCount) => openAnonymous(`holdfast-${name}`, byteCount),
    });
  }

  /** Takes over the history without files of a predecessor; the descriptors are its own from now on. */
  static adopt(descriptors: HistoryDescriptors, capacity: number): History {
    return History.#assemble(capacity, {
      isNew: false,
      keepsDescriptors: true,
      open: (name) => descriptors[name],
    });
  }

  static #assemble(
    capacity: number,
    { isNew, begin = 0, keepsDescriptors, open, times }: FileSource,
  ): History {
    const mappings: Mapping[] = [];
    const kept = { ledger: -1, marks: -1, ring: -1 };
    const mapped = (name: keyof HistoryDescriptors, byteCount: number, map: typeof mapFile): Mapping => {
      const fd = open(name, byteCount);
      try {
        const mapping = map(fd, byteCount);
        mappings.push(mapping);
        return mapping;
      } finally {
        // A mapping keeps its file; a descriptor each would count against the limit.
        if (keepsDescriptors) kept[name] = fd;
        else close(fd);
      }
    };
    try {
      const parts = {
        ledger: mapped('ledger', LEDGER_BYTES, mapFile),
        marks: mapped('marks', MARKS_FILE_BYTES, mapFile),
        ring: mapped('ring', ringFileBytes(capacity), mapRing),
      };
      const ledger = new Ledger(parts.ledger, isNew);
      if (isNew) ledger.beginAt(begin);
      return new History({
        ring: new Ring(parts.ring),
        ledger,
        marks: new Marks(parts.marks, isNew),
        capacity,
        mappings: parts,
        descriptors: keepsDescriptors ? kept : undefined,
        times: times?.(),
      });
    } catch (error) {
      for (const mapping of mappings) mapping.unmap();
      closeAll(kept);
      throw error;
    }
  }

  /**
   * Goes on behind what stands in the files now, where somebody else has recorded since they were opened. Throws Error if
   * they are damaged.
   */
  catchUp(): void {
    this.ledger.verify();
    this.marks.catchUp();
    this.#times?.catchUp();
    this.#end = this.ledger.end;
  }

  /** Of a history without files: nothing else could give it to a successor. */
  get descriptors(): HistoryDescriptors | undefined {
    return this.#descriptors;
  }

  /** Goes on without files, for when they are gone: what they held is in memory from now on. Throws PosixError. */
  leaveFiles(): void {
    if (this.#descriptors) return;
    const kept = { ledger: -1, marks: -1, ring: -1 };
    try {
      for (const name of ['ledger', 'marks', 'ring'] as const) {
        const mapping = this.#mappings[name];
        kept[name] = openAnonymous(`holdfast-${name}`, mapping.byteCount);
        mapping.moveTo(kept[name]);
      }
    } catch (error) {
      closeAll(kept);
      throw error;
    }
    this.#descriptors = kept;
    this.#times?.unmap();
    this.#times = undefined;
  }

  /** Offset behind the newest byte. */
  get end(): number {
    return this.#end;
  }

  /** Offset of the oldest byte kept; the end once it is closed. */
  get start(): number {
    return this.#isClosed ? this.#end : Math.max(this.#begin, this.#end - this.capacity);
  }

  /** Notes that the daemon before this one was killed, here: up to one read may be missing. */
  markCrash(): void {
    this.marks.crash(this.#end);
  }

  /** Notes now and then when output was written: this batch begins at `offset`. `nowMs`: by the clock that nobody sets. */
  noteTime(offset: number, nowMs: number): void {
    this.marks.output(offset, nowMs);
    this.#times?.output(offset, nowMs);
  }

  /** What is known about when the output from an offset on was written, and for which size: a part of it, which says what follows. */
  timeline(from: number): Timeline {
    return timelineOf({ marks: this.marks.all(), times: this.#times, end: this.#end }, from);
  }

  /** The crashes at or behind an offset, oldest first. */
  crashesFrom(offset: number): { offset: number; timeMs: number }[] {
    // The last instruction of a daemon may have been anywhere: marks are believed within the output only.
    return this.marks
      .all()
      .filter((mark) => mark.kind === 'crash' && mark.offset >= offset && mark.offset <= this.#end);
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

  /** Records what no program has written: at most READ_BYTES. */
  write(bytes: Uint8Array): void {
    const block = new Block(bytes.length);
    block.bytes.set(bytes);
    copyIn(this.writeAddress, block.address, bytes.length);
    this.append(bytes.length);
  }

  /** Where byte `offset` stands; all up to `end` is contiguous. `offset` must not be before `start`. */
  addressOf(offset: number): number {
    return this.#ring.addressOf(offset);
  }

  /** A copy of bytes that are kept, valid until the block is used again. */
  copyInto(block: Block, from: number, to: number): Buffer {
    return copyOutInto(block, this.addressOf(from), to - from).subarray(0, to - from);
  }

  /** Frees the memory: there is no byte any more. */
  close(): void {
    this.#isClosed = true;
    this.#ring.unmap();
    this.ledger.unmap();
    this.marks.unmap();
    this.#times?.unmap();
    if (this.#descriptors) closeAll(this.#descriptors);
  }
}

function closeAll(descriptors: HistoryDescriptors): void {
  for (const fd of Object.values(descriptors)) if (fd >= 0) close(fd);
}

/** Never needed: where they can't be had, as on a full disk, there are none; damaged ones begin anew. */
function openTimes(folder: string, capacity: number): Times | undefined {
  const byteCount = timesFileBytes(capacity);
  const file = path.join(folder, 'times');
  const open = (isNew: boolean): Times => {
    const fd = isNew ? openAllocated(file, byteCount) : reopenAllocated(file, byteCount);
    try {
      const mapping = mapFile(fd, byteCount);
      try {
        return new Times(mapping, isNew);
      } catch (error) {
        mapping.unmap();
        throw error;
      }
    } finally {
      close(fd);
    }
  };
  try {
    return open(false);
  } catch {
    // ENOENT: of a new session, or one of a daemon that kept none. Or it is not what it should be.
  }
  try {
    return open(true);
  } catch {
    // ENOSPC, EDQUOT…
    return undefined;
  }
}
