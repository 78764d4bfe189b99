const ESC = 0x1b;
/** A longer sequence leaves nothing behind that is looked for here. */
const SEQUENCE_BYTES = 64;
/** Private modes that are remembered: programs know some twenty. */
const MODES = 256;
/** The numbers of modes that there are; a longer one would not be written back as it was. */
const MODE = /^\d{1,5}$/;
const ALTERNATE: ReadonlySet<number> = new Set([47, 1047, 1049]);
/** What leaves something behind: private modes, the kitty keyboard, tab stops, titles and colours, and a full reset. */
const SEQUENCES = new RegExp(
  [
    /\[\?(?<modes>[\d;]*)(?<set>[hl])/,
    /\[(?<kitty>[<>=])(?<count>\d*)[\d;]*u/,
    /(?<tabs>\[\d*g|H)/,
    // Whatever ends its number: what follows is not looked at.
    /\](?<text>\d+)(?!\d)[^]/,
    /(?<reset>c)/,
  ]
    .map(({ source }) => `\x1b${source}`)
    .join('|'),
  'g',
);

/**
 * What the output that went to a terminal has switched on there, so that it can be switched off again. Costs a search for ESC where
 * there is none.
 */
export class TerminalModes {
  /** Private modes as they were last written. */
  readonly #modes = new Map<number, boolean>();
  readonly #kitty = { main: 0, alternate: 0 };
  #isAlternate = false;
  #hasTabStops = false;
  readonly #texts = new Set<number>();
  /** The end of a chunk that may be the beginning of a sequence. */
  #tail = '';

  get isAlternate(): boolean {
    return this.#isAlternate;
  }

  /** How many entries are on the stack of the kitty keyboard, by buffer. */
  get kitty(): { readonly main: number; readonly alternate: number } {
    return this.#kitty;
  }

  /** Tab stops are not every eight columns. */
  get hasTabStops(): boolean {
    return this.#hasTabStops;
  }

  /** Private modes that were set last, and those that were reset last. */
  modes(isSet: boolean): number[] {
    return [...this.#modes].filter(([, is]) => is === isSet).map(([mode]) => mode);
  }

  /** Whether an operating system command of that number was seen: 4 sets a colour, say. */
  has(text: number): boolean {
    return this.#texts.has(text);
  }

  /** The terminal is as it is by default. */
  clear(): void {
    this.#modes.clear();
    this.#texts.clear();
    this.#kitty.main = 0;
    this.#kitty.alternate = 0;
    this.#isAlternate = false;
    this.#hasTabStops = false;
    this.#tail = '';
  }

  /** Takes the next bytes of output. */
  push(bytes: Uint8Array): void {
    // An echo, say: no sequence, and no part of one.
    if (this.#tail === '' && !bytes.includes(ESC)) return;
    const text =
      this.#tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let end = 0;
    for (const found of text.matchAll(SEQUENCES)) {
      end = found.index + found[0].length;
      this.#take(found.groups ?? {});
    }
    const begins = text.lastIndexOf('\x1b');
    this.#tail = begins >= end && text.length - begins < SEQUENCE_BYTES ? text.slice(begins) : '';
  }

  #take({ modes, set, kitty, count, tabs, text, reset }: Record<string, string | undefined>): void {
    if (modes !== undefined) this.#switch(modes.split(';'), set === 'h');
    else if (kitty !== undefined) this.#key(kitty, Number(count));
    else if (text !== undefined) this.#texts.add(Number(text));
    else if (tabs !== undefined) this.#hasTabStops = true;
    else if (reset !== undefined) this.clear();
  }

  #switch(modes: readonly string[], isSet: boolean): void {
    for (const mode of modes) if (MODE.test(mode)) this.#set(Number(mode), isSet);
  }

  #set(mode: number, isSet: boolean): void {
    if (ALTERNATE.has(mode)) this.#isAlternate = isSet;
    else if (this.#modes.size < MODES || this.#modes.has(mode)) this.#modes.set(mode, isSet);
  }

  #key(kind: string, count: number): void {
    const buffer = this.#isAlternate ? 'alternate' : 'main';
    if (kind === '>') this.#kitty[buffer] += 1;
    if (kind === '<') this.#kitty[buffer] = Math.max(0, this.#kitty[buffer] - Math.max(1, count));
  }
}
