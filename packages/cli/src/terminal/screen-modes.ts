const SWITCHES = ['\x1b[?1049', '\x1b[?1047', '\x1b[?47'] as const;
const HARD_RESET = '\x1bc';
/** Bytes of a chunk's end that may be the beginning of a switch. */
const TAIL_BYTES = 8;
const ESC = 0x1b;
const FINAL = { enter: 'h'.charCodeAt(0), leave: 'l'.charCodeAt(0) };

/**
 * Tells whether the output that went to the terminal has left it on its alternate screen, by the last switch seen. Costs a
 * search for ESC where there is none.
 */
export class ScreenModes {
  #isAlternate = false;
  #tail = Buffer.alloc(0);

  get isAlternate(): boolean {
    return this.#isAlternate;
  }

  /** Takes the next bytes of output. */
  push(bytes: Uint8Array): void {
    // An echo, say: neither a switch nor a part of one.
    if (this.#tail.length === 0 && !bytes.includes(ESC)) return;
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#tail.length > 0) {
      // A switch that began in the last chunk ends in the first bytes of this one.
      const seam = Buffer.concat([this.#tail, chunk.subarray(0, TAIL_BYTES)]);
      this.#scan(seam);
    }
    this.#scan(chunk);
    this.#keepTail(chunk);
  }

  #scan(bytes: Buffer): void {
    if (!bytes.includes(ESC)) return;
    let last = -1;
    let isAlternate = this.#isAlternate;
    for (const begin of SWITCHES) {
      for (
        let at = bytes.lastIndexOf(begin);
        at > last;
        at = at > 0 ? bytes.lastIndexOf(begin, at - 1) : -1
      ) {
        const final = bytes[at + begin.length];
        if (final !== FINAL.enter && final !== FINAL.leave) continue;
        last = at;
        isAlternate = final === FINAL.enter;
        break;
      }
    }
    if (bytes.lastIndexOf(HARD_RESET) > last) isAlternate = false;
    this.#isAlternate = isAlternate;
  }

  #keepTail(chunk: Buffer): void {
    const recent =
      chunk.length >= TAIL_BYTES
        ? chunk.subarray(-TAIL_BYTES)
        : Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES);
    const begins = recent.lastIndexOf(ESC);
    // A copy: the chunk is only valid during the call.
    this.#tail = begins === -1 ? Buffer.alloc(0) : Buffer.from(recent.subarray(begins));
  }
}
