import { addressOf, Block, copyOut, Gather, WOULD_BLOCK, writeAt } from '@holdfast/posix';
import { DATA_HEADER_BYTES, encodeControl, FRAME, writeAck, writeDataHeader } from '@holdfast/protocol';

/** Pieces of one `writev`: control frames, or header and bytes of data frames. */
const PIECES = 64;
/** A batch is closed at this size: as much as one write to a Unix socket usually takes. */
const BATCH_BYTES = 128 * 1024;

/** Batches of one connection before others get their turn: a client that reads as fast as we write would keep the loop. */
const BATCHES_PER_TURN = 8;

/** Where the bytes of a data frame stand; they must stay there until the batch is written. */
export interface DataFrame {
  readonly channel: number;
  readonly offset: number;
  readonly address: number;
  readonly length: number;
}

/**
 * Puts a batch together in one `writev`. There is one for all connections, since a batch is made and written without
 * anything coming between.
 */
export class Batch {
  readonly #gather = new Gather(PIECES);
  /** Where headers and acknowledgements are written: made once, since this is done for every key that is typed. */
  readonly #headers = Array.from({ length: PIECES }, () => new Block(DATA_HEADER_BYTES));
  /** Overwritten by the next batch, as the headers are: an array that is emptied and filled again costs more than the write. */
  readonly #pieces = Array.from({ length: PIECES }, () => ({ address: 0, length: 0 }));
  #pieceCount = 0;
  /** Only to keep them from being collected before they are written: the kernel is given addresses. */
  readonly #frames: Uint8Array[] = [];
  #headerCount = 0;

  clear(): void {
    this.#gather.clear();
    this.#pieceCount = 0;
    if (this.#frames.length > 0) this.#frames.length = 0;
    this.#headerCount = 0;
  }

  get isEmpty(): boolean {
    return this.#gather.byteCount === 0;
  }

  /** Whether there is room for another frame, of whichever kind. */
  get isFull(): boolean {
    return this.#pieceCount + 2 > PIECES || this.#gather.byteCount >= BATCH_BYTES;
  }

  addControl(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#add(addressOf(frame), frame.length);
  }

  addData(frame: DataFrame): void {
    const header = this.#nextHeader();
    const { channel, offset, length } = frame;
    writeDataHeader(header.bytes, { type: FRAME.OUTPUT, channel, offset, byteCount: length });
    this.#add(header.address, DATA_HEADER_BYTES);
    this.#add(frame.address, length);
  }

  addInputAck(channel: number, offset: number): void {
    const frame = this.#nextHeader();
    writeAck(frame.bytes, { type: FRAME.INPUT_ACK, channel, offset });
    this.#add(frame.address, DATA_HEADER_BYTES);
  }

  /** Writes the batch; returns a copy of what was not taken, if anything. Throws PosixError. */
  writeTo(fd: number): Buffer | undefined {
    const count = Math.max(0, this.#gather.write(fd));
    const missing = this.#gather.byteCount - count;
    return missing === 0 ? undefined : this.#copyFrom(count, missing);
  }

  #nextHeader(): Block {
    const header = this.#headers[this.#headerCount];
    if (!header) throw new RangeError('the batch is full');
    this.#headerCount += 1;
    return header;
  }

  #copyFrom(skip: number, missing: number): Buffer {
    const parts: Buffer[] = [];
    let before = skip;
    for (const { address, length } of this.#pieces.slice(0, this.#pieceCount)) {
      const inside = Math.min(before, length);
      before -= inside;
      if (length > inside) parts.push(copyOut(address + inside, length - inside));
    }
    return Buffer.concat(parts, missing);
  }

  #add(address: number, length: number): void {
    const piece = this.#pieces[this.#pieceCount];
    if (!piece) throw new RangeError('the batch is full');
    this.#gather.add(address, length);
    piece.address = address;
    piece.length = length;
    this.#pieceCount += 1;
  }
}

/** Yields data frames and events of a connection's subscriptions, as long as there are any. */
export interface OutputSource {
  /** Adds one frame to the batch; false if there is none. */
  addNext(batch: Batch): boolean;
}

/**
 * What goes out on one connection. There is one write at a time: what the kernel did not take of it is kept, to the byte,
 * and goes first. Beyond that only control frames are queued; output stays in the histories.
 */
export class Outbox {
  readonly #fd: number;
  readonly #batch: Batch;
  readonly #control: Uint8Array[] = [];
  #controlBytes = 0;
  #tail: Buffer | undefined;
  #tailAt = 0;

  constructor(fd: number, batch: Batch) {
    this.#fd = fd;
    this.#batch = batch;
  }

  /** Bytes of control frames that wait. */
  get queuedControlBytes(): number {
    return this.#controlBytes;
  }

  /** Bytes that the kernel has not taken yet, but for output that is still in its history. */
  get unsentBytes(): number {
    return this.#controlBytes + (this.#tail ? this.#tail.length - this.#tailAt : 0);
  }

  get isEmpty(): boolean {
    return this.#tail === undefined && this.#control.length === 0;
  }

  /** Everything that is to go out before anything else, in pieces, for a successor. */
  suspend(): Uint8Array[] {
    return this.#tail ? [this.#tail.subarray(this.#tailAt), ...this.#control] : this.#control;
  }

  /** Queues a message; it goes out with the next flush. */
  control(message: object): void {
    this.frame(encodeControl(message));
  }

  /** Queues a frame that is already encoded. */
  frame(frame: Uint8Array): void {
    this.#control.push(frame);
    this.#controlBytes += frame.length;
  }

  /**
   * Writes as much as the kernel takes, and for one turn at most; true if it took everything there is. Otherwise there is
   * more to write as soon as the descriptor is writable, which it may be already. Throws PosixError.
   */
  flush(source: OutputSource): boolean {
    for (let batches = 0; batches < BATCHES_PER_TURN; batches += 1) {
      if (!this.#writeTail()) return false;
      this.#batch.clear();
      this.#addControl();
      while (!this.#batch.isFull && source.addNext(this.#batch));
      if (this.#batch.isEmpty) return true;
      this.#tail = this.#batch.writeTo(this.#fd);
      this.#tailAt = 0;
      if (this.#tail) return false;
    }
    return false;
  }

  #writeTail(): boolean {
    while (this.#tail) {
      const count = writeAt(this.#fd, addressOf(this.#tail) + this.#tailAt, this.#tail.length - this.#tailAt);
      if (count === WOULD_BLOCK) return false;
      this.#tailAt += count;
      if (this.#tailAt === this.#tail.length) this.#tail = undefined;
    }
    return true;
  }

  #addControl(): void {
    if (this.#control.length === 0) return;
    let taken = 0;
    for (const frame of this.#control) {
      if (this.#batch.isFull) break;
      this.#batch.addControl(frame);
      this.#controlBytes -= frame.length;
      taken += 1;
    }
    this.#control.splice(0, taken);
  }
}
