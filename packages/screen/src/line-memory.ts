import { WORDS } from './cell-words.ts';

const BLOCK_BYTES = 128 * 1024;

/**
 * Where the lines of one terminal are, many in one block: memory of its own for each is slow to get, and slower to collect.
 * It is given out once, and does not come back: lines that scroll out are used again by xterm.js. So it ends, and a program that
 * has lines deleted without end keeps no more than that.
 */
export class LineMemory {
  #left: number;
  #block: Buffer | undefined;
  #taken = 0;

  /** For as many lines of as many columns. Nothing is reserved before it is taken. */
  constructor(lines: number, cols: number) {
    this.#left = lines * cols * WORDS;
  }

  /** What is in it may be anything. */
  take(words: number): Uint32Array {
    const bytes = words * Uint32Array.BYTES_PER_ELEMENT;
    if (this.#left < words || bytes > BLOCK_BYTES) return new Uint32Array(words);
    this.#left -= words;
    if (!this.#block || this.#taken + bytes > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      this.#taken = 0;
    }
    const taken = new Uint32Array(this.#block.buffer, this.#taken, words);
    this.#taken += bytes;
    return taken;
  }
}
