import { usageError } from '../arguments/usage-error.ts';

/** The key that follows the prefix to detach. */
const DETACH = 'd'.charCodeAt(0);

const ESC = 0x1b;
const PASTE_BEGINS = '\x1b[200~';
const PASTE_ENDS = '\x1b[201~';
/** The longest key report that is looked at as a whole; longer ones are no key of ours. */
const SEQUENCE_BYTES_MAX = 32;

/** The prefix key, in each form in which a terminal may report it. */
export interface PrefixKey {
  /** How people write it: `ctrl-]`. */
  readonly label: string;
  readonly byte: number;
  /** Unicode code point of the key without ctrl: kitty's keyboard protocol and xterm's modifyOtherKeys send that. */
  readonly codePoint: number;
}

/** Other keys that send the same byte; as a prefix they would take Tab, Enter or Escape away. */
const TAKEN: Readonly<Record<string, string>> = { i: 'Tab', j: 'Enter', m: 'Enter', '[': 'Escape' };

/** Reads `ctrl-X` or `^X`; undefined for `none`. Throws HoldfastError(E_USAGE). */
export function parsePrefixKey(what: string, text: string): PrefixKey | undefined {
  if (text.toLowerCase() === 'none') return undefined;
  const [, key] = /^(?:ctrl-|\^)([a-z\][\\^_])$/i.exec(text) ?? [];
  if (key === undefined) throw usageError(`${what} must be like ctrl-] or ctrl-a, or none, not "${text}"`);
  const lower = key.toLowerCase();
  const taken = TAKEN[lower];
  if (taken !== undefined) throw usageError(`${what} can't be ctrl-${lower}: that is the ${taken} key`);
  return { label: `ctrl-${lower}`, byte: lower.charCodeAt(0) & 0x1f, codePoint: lower.charCodeAt(0) };
}

type Key = 'prefix' | 'detach' | 'silent' | 'other';

/**
 * Finds the detach keys in what is typed, whichever way the terminal reports keys and however reads cut it.
 *
 *   typing ──prefix──> armed ──d──────> detached
 *                        ├──prefix──> typing, one prefix is passed on
 *                        └──other───> typing, prefix and key are passed on
 *
 * A key report that a read has cut is held back; call `flush` when nothing follows soon. A lone Escape is never held
 * back, since that is a key that people type. Nothing inside a bracketed paste is a detach key.
 */
export class DetachKeys {
  readonly #prefix: PrefixKey | undefined;
  #isArmed = false;
  #isPasting = false;
  #isDetached = false;
  #bytesBehind = 0;
  /** Prefix that was typed, and what has followed it without being a key press. */
  #held: number[] = [];
  /** Beginning of a key report; `#passed` bytes of it have been passed on already. */
  #sequence: number[] = [];
  #passed = 0;

  constructor(prefix: PrefixKey | undefined) {
    this.#prefix = prefix;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  /** Bytes that came with the detach keys, behind them: nobody gets those. */
  get bytesBehind(): number {
    return this.#bytesBehind;
  }

  /** True if the beginning of a key report is held back. */
  get isWaiting(): boolean {
    return this.#sequence.length > this.#passed;
  }

  /** Takes what was read; returns what goes to the program. Nothing does after detaching. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#isDetached) return new Uint8Array(0);
    if (!this.#prefix) return bytes;
    if (
      !this.#isArmed &&
      this.#sequence.length === 0 &&
      !bytes.includes(this.#prefix.byte) &&
      !bytes.includes(ESC)
    ) {
      return bytes;
    }
    const out: number[] = [];
    for (const byte of bytes) {
      if (this.#isDetached) this.#bytesBehind += 1;
      else this.#take(byte, out);
    }
    if (!this.#isDetached && this.#sequence.length === 1 && !this.#isArmed) {
      out.push(...this.#sequence.slice(this.#passed));
      this.#passed = 1;
    }
    return Uint8Array.from(out);
  }

  /** Passes on what is held back of a key report. */
  flush(): Uint8Array {
    const out: number[] = [];
    this.#finish('other', out);
    return Uint8Array.from(out);
  }

  #take(byte: number, out: number[]): void {
    if (this.#sequence.length > 0) {
      this.#takeInSequence(byte, out);
      return;
    }
    this.#sequence.push(byte);
    if (byte === ESC) return;
    this.#finish(this.#classifyByte(byte), out);
  }

  #takeInSequence(byte: number, out: number[]): void {
    const length = this.#sequence.length;
    if (byte === ESC || (length === 1 && byte !== 0x5b)) {
      // ESC was a key of its own, or Alt with this one.
      this.#finish('other', out);
      this.#take(byte, out);
      return;
    }
    this.#sequence.push(byte);
    if (length === 1) return;
    const isFinal = byte >= 0x40 && byte <= 0x7e;
    const isPart = byte >= 0x20 && byte <= 0x3f;
    if (isFinal) this.#finish(this.#classifySequence(String.fromCharCode(...this.#sequence)), out);
    else if (!isPart || length >= SEQUENCE_BYTES_MAX) this.#finish('other', out);
  }

  /** A key is complete: decides where it goes. */
  #finish(key: Key, out: number[]): void {
    const bytes = this.#sequence.slice(this.#passed);
    const isNothing = this.#sequence.length === 0;
    this.#sequence = [];
    this.#passed = 0;
    if (isNothing) return;
    if (!this.#isArmed) {
      if (key === 'prefix') {
        this.#isArmed = true;
        this.#held = bytes;
      } else for (const byte of bytes) out.push(byte);
      return;
    }
    if (key === 'silent') {
      this.#held.push(...bytes);
      return;
    }
    this.#isArmed = false;
    if (key === 'detach') this.#isDetached = true;
    else if (key === 'prefix') out.push(...bytes);
    else out.push(...this.#held, ...bytes);
    this.#held = [];
  }

  #classifyByte(byte: number): Key {
    if (this.#isPasting) return 'other';
    if (byte === this.#prefix?.byte) return 'prefix';
    return byte === DETACH ? 'detach' : 'other';
  }

  #classifySequence(sequence: string): Key {
    if (sequence === PASTE_BEGINS) this.#isPasting = true;
    if (sequence === PASTE_ENDS) this.#isPasting = false;
    if (this.#isPasting) return 'other';
    const report = parseKeyReport(sequence);
    if (!report) return 'other';
    if (report.isRelease || isModifierKey(report.codePoint)) return 'silent';
    if (report.codePoint === this.#prefix?.codePoint && report.isCtrl && !report.isMore) return 'prefix';
    if (report.codePoint === DETACH && !report.isCtrl && !report.isMore) return 'detach';
    return 'other';
  }
}

interface KeyReport {
  readonly codePoint: number;
  readonly isCtrl: boolean;
  /** Shift, alt, super, hyper or meta is held. */
  readonly isMore: boolean;
  readonly isRelease: boolean;
}

const CTRL = 4;
const OTHER_MODIFIERS = 1 | 2 | 8 | 16 | 32; // caps lock (64) and num lock (128) change nothing
const RELEASE_EVENT = 3;

/** Kitty: `CSI code[:…] [; modifiers[:event] [; text]] u`. xterm: `CSI 27 ; modifiers ; code ~`. */
function parseKeyReport(sequence: string): KeyReport | undefined {
  // oxlint-disable-next-line no-control-regex -- ESC begins each report
  const kitty = /^\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::(\d+))?(?:;[\d:]*)?)?u$/.exec(sequence);
  if (kitty) return keyReport({ code: kitty[1], modifiers: kitty[2], event: kitty[3] });
  // oxlint-disable-next-line no-control-regex -- ESC begins each report
  const xterm = /^\x1b\[27;(\d+);(\d+)~$/.exec(sequence);
  return xterm ? keyReport({ code: xterm[2], modifiers: xterm[1], event: undefined }) : undefined;
}

function keyReport(fields: {
  code: string | undefined;
  modifiers: string | undefined;
  event: string | undefined;
}): KeyReport {
  const modifiers = Number(fields.modifiers || '1') - 1;
  return {
    codePoint: Number(fields.code),
    isCtrl: (modifiers & CTRL) !== 0,
    isMore: (modifiers & OTHER_MODIFIERS) !== 0,
    isRelease: Number(fields.event) === RELEASE_EVENT,
  };
}

/** Kitty reports shift, ctrl and their like as keys of their own, if a program asks for all keys. */
function isModifierKey(codePoint: number): boolean {
  return (codePoint >= 57_441 && codePoint <= 57_454) || codePoint === 57_358 || codePoint === 57_360;
}
