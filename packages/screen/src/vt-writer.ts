const INITIAL_BYTES = 256 * 1024;
/** Below this length a loop is faster than a call into the encoder. */
const SHORT = 24;
const MAX_UTF8_BYTES_PER_UNIT = 3;

/** Bytes for a terminal, put together. One writer serves many snapshots: its buffer only grows. */
export class VtWriter {
  #buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;

  clear(): void {
    this.#length = 0;
  }

  text(text: string): void {
    const { length } = text;
    this.#reserve(length * MAX_UTF8_BYTES_PER_UNIT);
    if (length < SHORT) {
      let at = this.#length;
      let index = 0;
      for (; index < length; index += 1) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        this.#buffer[at++] = code;
      }
      if (index === length) {
        this.#length = at;
        return;
      }
    }
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** One byte, for which `reserve` has made room. */
  byte(value: number): void {
    this.#buffer[this.#length++] = value;
  }

  reserve(bytes: number): void {
    this.#reserve(bytes);
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
