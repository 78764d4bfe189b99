const KEPT_BYTES = 4 * 1024;

/** A copy of the newest output that was handed over: a sequence that is not finished yet, say. */
export class RecentOutput {
  readonly #bytes = new Uint8Array(2 * KEPT_BYTES);
  #length = 0;
  #end = 0;

  /** Output goes on at an offset. */
  restart(offset: number): void {
    this.#length = 0;
    this.#end = offset;
  }

  push(bytes: Uint8Array): void {
    const newest = bytes.subarray(Math.max(0, bytes.length - KEPT_BYTES));
    if (newest.length > this.#bytes.length - this.#length) {
      const kept = Math.min(this.#length, KEPT_BYTES);
      this.#bytes.copyWithin(0, this.#length - kept, this.#length);
      this.#length = kept;
    }
    // What is kept is one piece of the output.
    if (newest.length < bytes.length) this.#length = 0;
    this.#bytes.set(newest, this.#length);
    this.#length += newest.length;
    this.#end += bytes.length;
  }

  /** What is kept, up to the byte before `end`; it changes with the next bytes. */
  get all(): { readonly offset: number; readonly end: number; readonly bytes: Uint8Array } {
    const bytes = this.#bytes.subarray(Math.max(0, this.#length - KEPT_BYTES), this.#length);
    return { offset: this.#end - bytes.length, end: this.#end, bytes };
  }
}
