import type { Exit } from '@holdfast/protocol';

interface HeldBytes {
  readonly kind: 'bytes';
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What comes of a session, in its order. */
export type HeldItem =
  | HeldBytes
  | { readonly kind: 'resized'; readonly offset: number; readonly cols: number; readonly rows: number }
  | { readonly kind: 'exited'; readonly offset: number; readonly exit: Exit };

/** Output that can't be handed over yet, with what happened in between. */
export class HeldOutput {
  #items: HeldItem[] = [];
  #byteCount = 0;
  #start = 0;

  /** Offset of the oldest byte that is held, or of the next one to come. */
  get start(): number {
    return this.#start;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Nothing is held any more; output goes on at an offset. */
  restart(offset: number): void {
    this.#items = [];
    this.#byteCount = 0;
    this.#start = offset;
  }

  /** Holds a copy of the bytes, of all that is held only the newest `maxBytes`. */
  push(item: HeldItem, maxBytes = Number.POSITIVE_INFINITY): void {
    // What comes first stands where output goes on.
    if (this.isEmpty) this.#start = item.offset;
    if (item.kind !== 'bytes') return void this.#items.push(item);
    if (item.bytes.length === 0) return;
    // Not `slice`: that of a Buffer is a view.
    this.#items.push({ ...item, bytes: new Uint8Array(item.bytes) });
    this.#byteCount += item.bytes.length;
    if (this.#byteCount > maxBytes) this.#dropOldest(maxBytes);
  }

  /** Holds a copy of bytes that end where what is held begins. */
  prepend({ offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array }): void {
    if (bytes.length === 0) return;
    this.#items.unshift({ kind: 'bytes', offset, bytes: new Uint8Array(bytes) });
    this.#byteCount += bytes.length;
    this.#start = offset;
  }

  /** Drops the bytes before an offset; sizes from there on stay. */
  dropBefore(offset: number): void {
    this.cut(offset, { cols: 0, rows: 0 });
  }

  /** The oldest, which is held no longer. */
  shift(): HeldItem | undefined {
    const item = this.#items.shift();
    if (item?.kind === 'bytes') {
      this.#byteCount -= item.bytes.length;
      this.#start = item.offset + item.bytes.length;
    }
    return item;
  }

  /**
   * Drops what a screen at an offset already shows. Sizes at that very offset have had their effect up to the one that the screen
   * has, if it is among them. Returns the bytes that were dropped.
   */
  cut(offset: number, size: { readonly cols: number; readonly rows: number }): HeldBytes[] {
    const passed: HeldBytes[] = [];
    let shownAt = -1;
    for (const [at, item] of this.#items.entries())
      if (item.kind === 'resized' && item.offset === offset && isSame(item, size)) shownAt = at;
    const kept: HeldItem[] = [];
    for (const [at, item] of this.#items.entries()) {
      if (item.kind === 'bytes') {
        const shown = Math.max(0, offset - item.offset);
        if (shown > 0) passed.push({ ...item, bytes: item.bytes.subarray(0, shown) });
        const bytes = item.bytes.subarray(shown);
        if (bytes.length > 0)
          kept.push({ ...item, offset: item.offset + item.bytes.length - bytes.length, bytes });
      } else if (item.kind === 'exited' || item.offset > offset || (item.offset === offset && at > shownAt))
        kept.push(item);
    }
    this.#items = kept;
    this.#byteCount = kept.reduce((sum, item) => sum + (item.kind === 'bytes' ? item.bytes.length : 0), 0);
    this.#start = Math.max(this.#start, offset);
    return passed;
  }

  /** Sizes stay: each is told when what comes next is. */
  #dropOldest(maxBytes: number): void {
    let at = 0;
    const sizes: HeldItem[] = [];
    for (; this.#byteCount > maxBytes; at += 1) {
      const item = this.#items[at];
      if (!item) break;
      if (item.kind !== 'bytes') {
        sizes.push(item);
        continue;
      }
      this.#byteCount -= item.bytes.length;
      this.#start = item.offset + item.bytes.length;
    }
    this.#items = [...sizes.slice(-1), ...this.#items.slice(at)];
  }
}

function isSame(
  a: { readonly cols: number; readonly rows: number },
  b: { readonly cols: number; readonly rows: number },
): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}
