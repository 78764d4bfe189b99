import type { HoldfastError } from '@holdfast/protocol';

interface Write {
  readonly start: number;
  readonly bytes: Uint8Array;
  /** Undefined once it is settled; its bytes stay until they are done, since offsets have no holes. */
  waiter: { resolve: () => void; reject: (error: HoldfastError) => void } | undefined;
}

/** Bytes by offset, from the first that is not done to the last that was written; each write has its promise. */
export class WriteQueue {
  /** In order of offset; entries before `#head` are done. */
  #writes: Write[] = [];
  #head = 0;
  #done = 0;
  #end = 0;

  /** Offset up to which all is done. */
  get done(): number {
    return this.#done;
  }

  /** Offset behind the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Numbers the first byte, before any is written. */
  startAt(offset: number): void {
    this.#done = offset;
    this.#end = offset;
  }

  /** Appends a copy; resolves when all of it is done. */
  append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 && this.#done === this.#end) return Promise.resolve();
    // Not `slice`: that of a Buffer is a view.
    const copy = new Uint8Array(bytes);
    return new Promise((resolve, reject) => {
      this.#writes.push({ start: this.#end, bytes: copy, waiter: { resolve, reject } });
      this.#end += bytes.length;
    });
  }

  /** Fills `into` with the bytes from `offset` on, which must be within `done` to `end - into.length`. */
  copy(offset: number, into: Uint8Array): void {
    let filled = 0;
    for (let index = this.#find(offset); filled < into.length; index += 1) {
      const write = this.#writes[index];
      if (!write) throw new RangeError(`the bytes at ${offset + filled} are not there`);
      const skipped = offset + filled - write.start;
      const piece = write.bytes.subarray(skipped, skipped + into.length - filled);
      into.set(piece, filled);
      filled += piece.length;
    }
  }

  /** All bytes before `done` are done. */
  settle(done: number): void {
    this.#done = done;
    for (;;) {
      const write = this.#writes[this.#head];
      if (!write || write.start + write.bytes.length > done) break;
      this.#head += 1;
      write.waiter?.resolve();
    }
    this.#compact();
  }

  /** Fails the writes that have a byte in `from` to `to`. */
  rejectRange(range: { from: number; to: number }, error: HoldfastError): void {
    if (range.from >= range.to) return;
    for (let index = this.#head; index < this.#writes.length; index += 1) {
      const write = this.#writes[index];
      if (!write || write.start >= range.to) break;
      if (write.start + write.bytes.length > range.from) reject(write, error);
    }
  }

  /** Fails all writes: those with a byte before `sent` with `unknown`, the others with `error`. Drops their bytes. */
  rejectAll(error: HoldfastError, partly: { sent: number; unknown: HoldfastError }): void {
    const writes = this.#writes.slice(this.#head);
    this.#writes = [];
    this.#head = 0;
    this.#done = this.#end;
    for (const write of writes) reject(write, write.start < partly.sent ? partly.unknown : error);
  }

  /** Index of the write that holds the byte at `offset`. */
  #find(offset: number): number {
    let low = this.#head;
    let high = this.#writes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const write = this.#writes[middle];
      if (write && write.start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #compact(): void {
    // Half of the array at a time: the cost of a write does not grow with the number of them.
    if (this.#head < 32 || this.#head * 2 < this.#writes.length) return;
    this.#writes = this.#writes.slice(this.#head);
    this.#head = 0;
  }
}

function reject(write: Write, error: HoldfastError): void {
  const { waiter } = write;
  write.waiter = undefined;
  waiter?.reject(error);
}
