import koffi from 'koffi';
import os from 'node:os';
import { WOULD_BLOCK } from './descriptors.ts';
import { lastError } from './errors.ts';
import { libc } from './libc.ts';
import { Block } from './memory.ts';

const { EAGAIN, EINTR } = os.constants.errno;
const IOVEC_BYTES = 16;

/** One `writev` after another from up to `capacity` pieces of memory, without copying them together first. */
export class Gather {
  readonly #iovecs: Block;
  readonly #capacity: number;
  #count = 0;
  #byteCount = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#iovecs = new Block(capacity * IOVEC_BYTES);
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  get isFull(): boolean {
    return this.#count === this.#capacity;
  }

  clear(): void {
    this.#count = 0;
    this.#byteCount = 0;
  }

  /** Adds a piece; the memory must stay valid and unchanged until it is written. */
  add(address: number, length: number): void {
    if (this.isFull) throw new RangeError(`a gather of ${this.#capacity} pieces is full`);
    const at = this.#count * IOVEC_BYTES;
    setAddress(this.#iovecs.view, at, address);
    setAddress(this.#iovecs.view, at + 8, length);
    this.#count += 1;
    this.#byteCount += length;
  }

  /** Writes what was added; returns how many bytes were taken, or WOULD_BLOCK. Throws PosixError. */
  write(fd: number): number {
    for (;;) {
      const count = libc.writev(fd, this.#iovecs.address, this.#count);
      if (count >= 0) return count;
      const errno = koffi.errno();
      if (errno === EAGAIN) return WOULD_BLOCK;
      if (errno !== EINTR) throw lastError('writev');
    }
  }
}

/** Stores a pointer-sized unsigned number that is below 2^53. */
export function setAddress(view: DataView, at: number, address: number): void {
  view.setUint32(at, address % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(address / 0x1_0000_0000), true);
}
