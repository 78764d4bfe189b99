import { SkimmedPen } from './skimmed-pen.ts';

const NOTHING = Buffer.alloc(0);
const ESC = 0x1b;
const BEL = 0x07;
const CAN = 0x18;
const SUB = 0x1a;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const SGR = 0x6d;
/** By final byte; all other sequences move, draw, erase or ask. */
const SETS_STATE = new Uint8Array(256);
for (const final of Buffer.from('hlmpqrsu')) SETS_STATE[final] = 1;
/** Longer sequences are not waited for: a terminal would not act on them either, but for strings. */
const MAX_SEQUENCE = 4096;
const MAX_STRING = 64 * 1024;

/** Modes that change what each buffer has of its own, or move between the buffers: their order counts. */
const ORDERED_MODES = new Set([3, 6, 47, 1046, 1047, 1048, 1049]);
/** Sequences of two characters that set a state of which only the last counts, by what they set. */
const LAST_OF_ESCAPES: Readonly<Record<string, string>> = {
  '=': 'keypad',
  '>': 'keypad',
  n: 'charset level',
  o: 'charset level',
  '|': 'charset level',
  '}': 'charset level',
  '~': 'charset level',
};
/** Strings of which only the last counts, whatever they say. */
const LAST_OF_STRINGS = new Set([1, 2, 7, 8, 133]);
const COLOUR_STRINGS = new Set([4, 10, 11, 12, 104, 110, 111, 112]);

/**
 * Reads a flood faster than it can be drawn, and gives the few bytes of it that put a terminal into the same modes: what sets a state
 * is kept, and of what sets the same state again only the last. Text, moves, erasing and queries are left out.
 *
 * What depends on where the cursor was (the cursor, tab stops, what is on the screen) is not what it would have been.
 */
export class Skimmer {
  #carry: Buffer = NOTHING;
  /** Inside of a string that ends at the next ESC and sets nothing. */
  #isInString = false;
  #kept: string[] = [];
  /** In the order in which they were last set. */
  readonly #last = new Map<string, string>();
  readonly #pen = new SkimmedPen();

  /** What of these bytes counts. A sequence that they end in counts with the next ones. */
  skim(bytes: Uint8Array): Buffer {
    const fresh = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const all = this.#carry.length > 0 ? Buffer.concat([this.#carry, fresh]) : fresh;
    this.#carry = NOTHING;
    const hasShifts = all.includes(SHIFT_OUT) || all.includes(SHIFT_IN);
    let at = 0;
    while (at < all.length) {
      const escape = all.indexOf(ESC, at);
      const end = escape < 0 ? all.length : escape;
      if (hasShifts && !this.#isInString) this.#shifts(all.subarray(at, end));
      if (escape < 0) break;
      this.#isInString = false;
      const next = this.#sequence(all, escape);
      if (next === undefined) {
        this.#carry = Buffer.from(all.subarray(escape));
        break;
      }
      at = next;
    }
    this.#flush();
    const kept = Buffer.from(this.#kept.join(''), 'latin1');
    this.#kept = [];
    return kept;
  }

  /** Where the sequence ends that begins here; undefined if it is not complete. */
  #sequence(all: Buffer, at: number): number | undefined {
    const kind = all[at + 1];
    if (kind === undefined) return undefined;
    if (kind === 0x5b) return this.#csi(all, at);
    if (kind === 0x5d) return this.#osc(all, at);
    if (kind === 0x50 || kind === 0x58 || kind === 0x5e || kind === 0x5f) {
      this.#isInString = true;
      return at + 2;
    }
    return this.#escape(all, at);
  }

  #escape(all: Buffer, at: number): number | undefined {
    if (all[at + 1] === 0x28 && all[at + 2] === 0x42) {
      this.#setLast('charset (', '\x1b(B'); // what ends nearly every attribute that ncurses sets
      return at + 3;
    }
    let end = at + 1;
    while (isIntermediate(all[end])) end += 1;
    const final = all[end];
    if (final === undefined) return end - at > MAX_SEQUENCE ? end : undefined;
    if (final === ESC) return end;
    const text = all.toString('latin1', at, end + 1);
    const name = text.slice(1);
    if (name === 'c') {
      this.#kept = [text];
      this.#last.clear();
      this.#pen.reset();
    } else if (name === '7') this.#keep(text);
    else if (name === '8') this.#restore(text);
    else if (/^[()*+\-.]/.test(name)) this.#setLast(`charset ${name[0]}`, text);
    else if (/^%[@G]/.test(name)) this.#keep(text);
    else {
      const what = LAST_OF_ESCAPES[name];
      if (what !== undefined) this.#setLast(what, text);
    }
    return end + 1;
  }

  #csi(all: Buffer, at: number): number | undefined {
    let end = at + 2;
    for (; end < all.length; end += 1) {
      const byte = all[end] ?? 0;
      if (byte === ESC) return end;
      if (byte === CAN || byte === SUB) return end + 1;
      if (byte >= 0x40 && byte < 0x7f) break;
      if (end - at > MAX_SEQUENCE) return end;
    }
    if (end >= all.length) return undefined;
    const final = all[end] ?? 0;
    if (final === SGR && (end === at + 2 || (all[at + 2] ?? 0) < 0x3c)) this.#pen.select(all, at + 2, end);
    else if (SETS_STATE[final] === 1) this.#control(all.toString('latin1', at + 2, end + 1));
    return end + 1;
  }

  #control(text: string): void {
    const [, prefix = '', parameters = '', intermediate = '', final = ''] =
      /^([<=>?]?)([\d;:]*)([ -/]*)(.)$/.exec(text) ?? [];
    const sequence = `\x1b[${text}`;
    switch (`${prefix}${intermediate}${final}`) {
      case '>m':
        this.#setLast(`key resource ${parameters.split(';')[0]}`, sequence);
        break;
      case '?h':
      case '?l':
        for (const mode of parameters.split(';')) this.#mode(Number(mode), final);
        break;
      case 'h':
      case 'l':
        for (const mode of parameters.split(';')) this.#setLast(`mode ${mode}`, `\x1b[${mode}${final}`);
        break;
      case 'r':
        this.#setLast('region', sequence);
        break;
      case ' q':
        this.#setLast('cursor style', sequence);
        break;
      case '"q':
        this.#pen.protect(parameters);
        break;
      case 's':
        this.#keep(sequence);
        break;
      case 'u':
        this.#restore(sequence);
        break;
      case '!p':
        this.#keep(sequence);
        this.#pen.forget();
        break;
      case '>u':
      case '<u':
      case '=u':
        this.#kept.push(sequence); // the keyboard counts what is pushed and popped, and nothing else depends on it
    }
  }

  #mode(mode: number, final: string): void {
    const sequence = `\x1b[?${mode}${final}`;
    if (!ORDERED_MODES.has(mode)) this.#setLast(`private mode ${mode}`, sequence);
    else if (final === 'l' && (mode === 1048 || mode === 1049)) this.#restore(sequence);
    else this.#keep(sequence);
  }

  #osc(all: Buffer, at: number): number | undefined {
    let end = at + 2;
    for (; end < all.length; end += 1) {
      const byte = all[end] ?? 0;
      if (byte === BEL || byte === ESC || byte === CAN || byte === SUB) break;
      if (end - at > MAX_STRING) {
        this.#isInString = true;
        return end;
      }
    }
    // The terminator takes effect with its first byte.
    const terminator = all[end];
    if (terminator === undefined) return undefined;
    const next = terminator === ESC ? end : end + 1;
    if (terminator === CAN || terminator === SUB) return next;
    const text = all.toString('latin1', at + 2, end);
    const code = /^\d+/.exec(text)?.[0] ?? '';
    const sequence = `\x1b]${text}\x1b\\`;
    if (code === '0') {
      this.#last.delete('string 1');
      this.#last.delete('string 2');
      this.#setLast('string 0', sequence);
    } else if (LAST_OF_STRINGS.has(Number(code))) this.#setLast(`string ${Number(code)}`, sequence);
    else if (COLOUR_STRINGS.has(Number(code)) && !onlyAsks(text)) {
      const single = /^4;\d+(?=;[^;]*$)/.exec(text)?.[0];
      this.#setLast(`colour ${single ?? text}`, sequence);
    }
    return next;
  }

  #shifts(text: Buffer): void {
    const out = text.lastIndexOf(SHIFT_OUT);
    const back = text.lastIndexOf(SHIFT_IN);
    if (out >= 0 || back >= 0) this.#setLast('charset level', out > back ? '\x0e' : '\x0f');
  }

  #setLast(what: string, sequence: string): void {
    this.#last.delete(what);
    this.#last.set(what, sequence);
  }

  /** For what depends on all that was set before. */
  #keep(sequence: string): void {
    this.#flush();
    this.#kept.push(sequence);
  }

  /** A restored cursor has the pen that was saved. */
  #restore(sequence: string): void {
    this.#keep(sequence);
    this.#pen.forget();
  }

  #flush(): void {
    const pen = this.#pen.take();
    if (pen !== '') this.#kept.push(pen);
    for (const sequence of this.#last.values()) this.#kept.push(sequence);
    this.#last.clear();
  }
}

/** `4;1;?` and `11;?` ask for colours. */
function onlyAsks(text: string): boolean {
  const [code, ...words] = text.split(';');
  const colours = code === '4' ? words.filter((_, index) => index % 2 === 1) : words;
  return colours.length > 0 && colours.every((colour) => colour === '?');
}

function isIntermediate(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x20 && byte < 0x30;
}
