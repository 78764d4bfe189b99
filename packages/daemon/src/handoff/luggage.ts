import { close, openAnonymous } from '@holdfast/posix';
import type { CarriedBytes, Packing, Unpacking } from '../session/luggage.ts';
import { readAll, writeAll } from './document.ts';

/**
 * What travels beside a snapshot, from its predecessor: descriptors in their order, and bytes in memory that has no name. Half
 * a frame may be 4 MiB, and what has to be put into a text and taken out again makes everybody wait five times as long.
 */
export class OutgoingLuggage implements Packing, Disposable {
  readonly fds: number[] = [];
  readonly #holdsBytes: boolean;
  #memory: { readonly fd: number; readonly index: number } | undefined;
  #length = 0;

  /** `holdsBytes`: whether bytes go beside the text; schema 1 has them in it. */
  constructor(holdsBytes: boolean) {
    this.#holdsBytes = holdsBytes;
  }

  add(fd: number): number {
    return this.fds.push(fd) - 1;
  }

  addBytes(...parts: Uint8Array[]): CarriedBytes {
    if (!this.#holdsBytes) return Buffer.concat(parts).toString('base64');
    const at = this.#length;
    for (const part of parts) {
      if (part.length === 0) continue;
      const { fd } = (this.#memory ??= this.#openMemory());
      writeAll(fd, part, this.#length);
      this.#length += part.length;
    }
    return { at, length: this.#length - at };
  }

  /** For what is to say the same wherever it stands: its first descriptor has index 0, whatever came before it. */
  part(): LuggagePart {
    return new LuggagePart(this);
  }

  /** Index of the memory with the bytes; undefined if there are none. */
  get memory(): number | undefined {
    return this.#memory?.index;
  }

  /** Frees the memory with the bytes; whoever was sent it has it still. */
  [Symbol.dispose](): void {
    if (this.#memory) close(this.#memory.fd);
    this.#memory = undefined;
  }

  #openMemory(): { fd: number; index: number } {
    const fd = openAnonymous('holdfast-hand-over-bytes', 0);
    return { fd, index: this.add(fd) };
  }
}

/** A part of what travels, with indices of its own. */
export class LuggagePart implements Packing {
  readonly #luggage: OutgoingLuggage;
  /** Index of its first descriptor among all of them. */
  readonly firstFd: number;

  constructor(luggage: OutgoingLuggage) {
    this.#luggage = luggage;
    this.firstFd = luggage.fds.length;
  }

  add(fd: number): number {
    return this.#luggage.add(fd) - this.firstFd;
  }

  addBytes(...parts: Uint8Array[]): CarriedBytes {
    return this.#luggage.addBytes(...parts);
  }
}

/** What came beside a snapshot. */
export class IncomingLuggage implements Unpacking {
  readonly fds: readonly number[];
  readonly #memory: number | undefined;

  /** `memory`: index of the one with the bytes. */
  constructor(fds: readonly number[], memory: number | undefined) {
    this.fds = fds;
    this.#memory = memory;
  }

  fd(index: number, what: string): number {
    const found = this.fds[index];
    if (found === undefined) throw new Error(`descriptor ${index} of the snapshot is missing: ${what}`);
    return found;
  }

  /** That of a part whose indices begin at `firstFd`. */
  part(firstFd: number): Unpacking {
    return {
      fd: (index, what) => this.fd(firstFd + index, what),
      bytes: (carried) => this.bytes(carried),
    };
  }

  bytes(carried: CarriedBytes): Buffer {
    if (typeof carried === 'string') return Buffer.from(carried, 'base64');
    if (carried.length === 0) return Buffer.alloc(0);
    if (this.#memory === undefined) throw new Error('the snapshot came without its bytes');
    return readAll(this.fd(this.#memory, 'its bytes'), carried);
  }

  /** The memory with the bytes is not needed any more. */
  closeMemory(): void {
    if (this.#memory !== undefined) close(this.fd(this.#memory, 'its bytes'));
  }
}
