import { utf8Length } from './utf8.ts';

const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
/** First byte of the C1 controls in UTF-8; the second is the control itself. */
const C1_LEAD = 0xc2;
const MAX_CHARACTER = 4;

/** `final`: a sequence with intermediates, which waits for its last byte. */
type State = 'ground' | 'escape' | 'final' | 'csi' | 'osc' | 'string';

/** What follows ESC, and, 0x40 higher, what the C1 control itself begins; all others are complete. */
const INTRODUCERS: Readonly<Record<number, State>> = {
  0x5b: 'csi',
  0x5d: 'osc',
  0x50: 'string', // DCS
  0x58: 'string', // SOS
  0x5e: 'string', // PM
  0x5f: 'string', // APC
};

/**
 * Follows output, and knows the last offset at which the parser of a terminal is in its ground state and no UTF-8 character is half
 * done. A snapshot can stand only there: what a terminal has received of a sequence, no snapshot carries.
 *
 * It never takes for safe what is not. After malformed sequences it may call unsafe what would be safe, until the next sequence.
 */
export class SafeOffset {
  #end: number;
  #state: State = 'ground';
  /** Where the sequence began that is not complete. */
  #sequenceAt: number;
  /** Bytes that are there of a character that is not complete, how many it has, and whether it may be a C1 control. */
  #have = 0;
  #need = 0;
  #isC1 = false;

  /** Begins at an offset that is safe. */
  constructor(offset = 0) {
    this.#end = offset;
    this.#sequenceAt = offset;
  }

  /** How far the output has been followed. */
  get end(): number {
    return this.#end;
  }

  get safe(): number {
    return this.#state === 'ground' ? this.#end - this.#have : this.#sequenceAt;
  }

  push(bytes: Uint8Array): void {
    if (!this.#pushEnd(bytes)) this.#follow(bytes, 0);
    this.#end += bytes.length;
  }

  /** Looks only at the end if that is enough, which it nearly always is. Says whether it was. */
  #pushEnd(bytes: Uint8Array): boolean {
    const last = bytes.lastIndexOf(ESC);
    if (last < 0) {
      const isText = this.#state === 'ground' && bytes.length > MAX_CHARACTER && !bytes.includes(C1_LEAD);
      if (isText) this.#follow(bytes, bytes.length - MAX_CHARACTER);
      return isText;
    }
    const before = { state: this.#state, sequenceAt: this.#sequenceAt, have: this.#have };
    // ESC begins a sequence, whatever was before. If that is complete, nothing else counts.
    this.#state = 'ground';
    this.#follow(bytes, last);
    if (this.#state === 'ground') return true;
    // It is not, so it matters whether it has interrupted another one: that begins at the ESC before.
    const previous = last > 0 ? bytes.lastIndexOf(ESC, last - 1) : -1;
    if (previous >= 0) {
      this.#state = 'ground';
      this.#follow(bytes.subarray(0, last), previous);
      const isBetween = this.#state === 'ground';
      this.#follow(bytes, last);
      if (isBetween) return true;
    }
    this.#state = before.state;
    this.#sequenceAt = before.sequenceAt;
    this.#have = before.have;
    return false;
  }

  #follow(bytes: Uint8Array, from: number): void {
    if (from > 0) this.#have = 0;
    for (let at = from; at < bytes.length; at += 1) this.#byte(bytes[at] ?? 0, this.#end + at);
  }

  #byte(byte: number, offset: number): void {
    if (byte >= 0x80) {
      this.#character(byte, offset);
      return;
    }
    this.#have = 0;
    if (byte === ESC) {
      // What ends a string is a sequence, too, and takes effect with its first byte: there is nothing safe in between.
      if (this.#state === 'ground') this.#sequenceAt = offset;
      this.#state = 'escape';
      return;
    }
    if (byte === CAN || byte === SUB) this.#state = 'ground';
    switch (this.#state) {
      case 'ground':
      case 'string':
        return;
      case 'escape':
        if (byte >= 0x30 && byte < 0x7f) this.#state = INTRODUCERS[byte] ?? 'ground';
        else if (byte >= 0x20 && byte < 0x30) this.#state = 'final';
        return;
      case 'final':
        if (byte >= 0x30 && byte < 0x7f) this.#state = 'ground';
        return;
      case 'csi':
        if (byte >= 0x40 && byte < 0x7f) this.#state = 'ground';
        return;
      case 'osc':
        if (byte === BEL) this.#state = 'ground';
    }
  }

  #character(byte: number, offset: number): void {
    if (byte >= 0xc0) {
      this.#need = utf8Length(byte);
      this.#have = this.#need > 0 ? 1 : 0;
      this.#isC1 = byte === C1_LEAD;
      return;
    }
    if (this.#have === 0) return;
    this.#have += 1;
    if (this.#have < this.#need) return;
    this.#have = 0;
    if (!this.#isC1 || byte >= 0xa0) return;
    // In every state, a C1 control ends the sequence and may begin another.
    if (this.#state === 'ground') this.#sequenceAt = offset - 1;
    this.#state = INTRODUCERS[byte - 0x40] ?? 'ground';
  }
}
