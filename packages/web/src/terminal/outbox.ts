import type { Frame } from './frames.ts';

/** What the host takes beyond what is done, and in one frame; see docs/api.md. */
const WINDOW_BYTES = 256 * 1024;
const FRAME_BYTES = 64 * 1024;
/** More than this is not held back for a terminal that takes nothing. */
export const HELD_MAX_BYTES = 4 * 1024 * 1024;

/**
 * What was typed into one pane, as a numbered stream: it keeps every byte until the program's terminal has taken it, so that it
 * can be sent again on another connection, where what has arrived already is dropped.
 *
 *   done ≤ sent ≤ end
 */
export class Outbox {
  #stream: string;
  #pieces: Frame[] = [];
  #done = 0;
  #sent = 0;
  /** On earlier connections. */
  #sentMost = 0;
  #end = 0;

  constructor(stream: string) {
    this.#stream = stream;
  }

  /** The page's own name for this stream. */
  get stream(): string {
    return this.#stream;
  }

  /** Bytes that have not reached the program's terminal, as far as is known. */
  get heldBytes(): number {
    return this.#end - this.#done;
  }

  /** Those of them that were never sent: whether the others arrive is known only once they are done. */
  get unsentBytes(): number {
    return this.#end - this.#sent;
  }

  /** False if there is no room: nothing of it was taken. */
  add(bytes: Uint8Array): boolean {
    if (this.heldBytes + bytes.length > HELD_MAX_BYTES) return false;
    this.#pieces.push({ offset: this.#end, bytes });
    this.#end += bytes.length;
    return true;
  }

  /** There is another connection: everything that isn't done is sent again. */
  restart(): void {
    this.#sentMost = Math.max(this.#sentMost, this.#sent);
    this.#sent = this.#done;
  }

  /** Nothing of it is to be sent any more. What comes is another stream: nobody knows what of this one has arrived. */
  drop(nextStream: string): void {
    this.#stream = nextStream;
    this.#pieces = [];
    this.#done = 0;
    this.#sent = 0;
    this.#sentMost = 0;
    this.#end = 0;
  }

  /** Whether some of this stream has arrived. */
  get isKnown(): boolean {
    return this.#done > 0;
  }

  /**
   * Nobody knows this stream any more. What was sent on this connection was refused, and goes on on another stream with what never
   * was sent. Returns what is in doubt: sent on an earlier connection, and not done.
   */
  beginAnew(stream: string): Uint8Array {
    const inDoubt = this.unknown(this.#done, this.#sentMost);
    const rest = this.#pieces.map(({ offset, bytes }) => bytes.subarray(Math.max(0, this.#done - offset)));
    this.drop(stream);
    for (const bytes of rest) this.add(bytes);
    return inDoubt;
  }

  /** What may be sent now, in frames; they count as sent. */
  take(): Frame[] {
    const frames: Frame[] = [];
    const limit = Math.min(this.#end, this.#done + WINDOW_BYTES);
    for (const { offset, bytes } of this.#pieces) {
      const pieceEnd = offset + bytes.length;
      while (this.#sent < Math.min(pieceEnd, limit) && this.#sent >= offset) {
        const end = Math.min(pieceEnd, limit, this.#sent + FRAME_BYTES);
        frames.push({ offset: this.#sent, bytes: bytes.subarray(this.#sent - offset, end - offset) });
        this.#sent = end;
      }
    }
    return frames;
  }

  /** Everything before `offset` has reached the program's terminal. */
  done(offset: number): void {
    if (offset <= this.#done || offset > this.#end) return;
    this.#done = offset;
    this.#sent = Math.max(this.#sent, offset);
    this.#pieces = this.#pieces.filter((piece) => piece.offset + piece.bytes.length > offset);
  }

  /** Whether these bytes arrived can't be known, and they are never sent again; what they were, but for those that are done. */
  unknown(from: number, to: number): Uint8Array {
    const inDoubt: number[] = [];
    const start = Math.max(from, this.#done);
    for (const { offset, bytes } of this.#pieces) {
      if (offset + bytes.length <= start || offset >= to) continue;
      inDoubt.push(...bytes.subarray(Math.max(0, start - offset), to - offset));
    }
    this.done(to);
    return Uint8Array.from(inDoubt);
  }
}
