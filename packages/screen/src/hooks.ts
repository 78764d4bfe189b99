import type { IParser, Terminal } from '@xterm/headless';

/** Programs may write any number of unknown modes; so many are kept, the newest. */
const MAX_MODES = 64;
/** As many as the kitty keyboard protocol asks of a terminal at least. */
const MAX_KITTY_STACK = 16;
/** A longer title or folder is cut. */
const MAX_TEXT = 4096;
const MAX_COLOUR_TEXT = 64;
const MAX_PALETTE_INDEX = 255;
const MAX_KEY_RESOURCE = 7;

/** Modes that xterm.js holds itself, or that are no state. */
const HELD_BY_XTERM = new Set([
  1, 2, 3, 6, 7, 9, 12, 25, 45, 47, 66, 1000, 1002, 1003, 1004, 1006, 1016, 1046, 1047, 1048, 1049, 2004,
  2026,
]);

type SpecialColour = 'foreground' | 'background' | 'cursor';
const SPECIAL_COLOURS: readonly { readonly code: number; readonly name: SpecialColour }[] = [
  { code: 10, name: 'foreground' },
  { code: 11, name: 'background' },
  { code: 12, name: 'cursor' },
];

/** The progressive enhancement of the keyboard, of which each buffer has its own. */
interface KittyKeyboard {
  readonly stack: number[];
  flags: number;
}

/** What programs have told their terminal and xterm.js 6.0 does not keep: it is taken from the parser as it goes by. */
export class TrackedState {
  /** Private modes as they were last written: `?5`, `?69`, `?1005`, `?1007`, `?1015`, `?2027`, `?2031` and unknown ones. */
  readonly modes = new Map<number, boolean>();
  readonly kitty: { readonly normal: KittyKeyboard; readonly alternate: KittyKeyboard } = {
    normal: { stack: [], flags: 0 },
    alternate: { stack: [], flags: 0 },
  };
  /** xterm's key resources, modifyOtherKeys (4) among them. */
  readonly keyResources = new Map<number, number>();
  readonly palette = new Map<number, string>();
  readonly specialColours = new Map<SpecialColour, string>();
  title: string | undefined;
  icon: string | undefined;
  /** The folder as a URL, as OSC 7 tells it. */
  cwd: string | undefined;
  /** The last mark of OSC 133: where in prompt, input and output the shell is. */
  promptMark: string | undefined;

  constructor(terminal: Terminal) {
    const { parser } = terminal;
    this.#trackModes(parser);
    this.#trackKeyboard(parser, () =>
      terminal.buffer.active.type === 'alternate' ? this.kitty.alternate : this.kitty.normal,
    );
    this.#trackTexts(parser);
    this.#trackColours(parser);
    parser.registerEscHandler({ final: 'c' }, () => {
      this.#reset();
      return false;
    });
  }

  /** What a full reset resets: title, icon and folder stay. */
  #reset(): void {
    this.modes.clear();
    this.keyResources.clear();
    this.palette.clear();
    this.specialColours.clear();
    this.promptMark = undefined;
    for (const keyboard of [this.kitty.normal, this.kitty.alternate]) {
      keyboard.stack.length = 0;
      keyboard.flags = 0;
    }
  }

  #trackModes(parser: IParser): void {
    for (const [final, isSet] of [
      ['h', true],
      ['l', false],
    ] as const)
      parser.registerCsiHandler({ prefix: '?', final }, (parameters) => {
        for (const mode of parameters)
          if (typeof mode === 'number' && !HELD_BY_XTERM.has(mode)) this.#setMode(mode, isSet);
        return false;
      });
  }

  #setMode(mode: number, isSet: boolean): void {
    this.modes.delete(mode);
    this.modes.set(mode, isSet);
    if (this.modes.size <= MAX_MODES) return;
    for (const oldest of this.modes.keys()) {
      this.modes.delete(oldest);
      return;
    }
  }

  #trackKeyboard(parser: IParser, keyboard: () => KittyKeyboard): void {
    const number = (parameter: number | number[] | undefined): number =>
      typeof parameter === 'number' ? parameter : 0;
    parser.registerCsiHandler({ prefix: '>', final: 'u' }, ([flags]) => {
      const it = keyboard();
      if (it.stack.length >= MAX_KITTY_STACK) it.stack.shift();
      it.stack.push(it.flags);
      it.flags = number(flags);
      return false;
    });
    parser.registerCsiHandler({ prefix: '<', final: 'u' }, ([count]) => {
      const it = keyboard();
      for (let left = Math.max(1, number(count)); left > 0 && it.stack.length > 0; left -= 1)
        it.flags = it.stack.pop() ?? 0;
      return false;
    });
    parser.registerCsiHandler({ prefix: '=', final: 'u' }, ([flags, how]) => {
      const it = keyboard();
      const given = number(flags);
      const way = number(how) || 1;
      if (way === 1) it.flags = given;
      else if (way === 2) it.flags |= given;
      else if (way === 3) it.flags &= ~given;
      return false;
    });
    parser.registerCsiHandler({ prefix: '>', final: 'm' }, (parameters) => {
      const [resource, value] = parameters.map(number);
      if (resource === undefined) this.keyResources.clear();
      else if (value === undefined) this.keyResources.delete(resource);
      else if (resource <= MAX_KEY_RESOURCE) this.keyResources.set(resource, value);
      return false;
    });
    parser.registerCsiHandler({ intermediates: '!', final: 'p' }, () => {
      this.keyResources.clear();
      return false;
    });
  }

  #trackTexts(parser: IParser): void {
    const on = (code: number, take: (text: string) => void) =>
      parser.registerOscHandler(code, (data) => {
        take(data.slice(0, MAX_TEXT));
        return false;
      });
    on(0, (text) => {
      this.title = text;
      this.icon = text;
    });
    on(1, (text) => {
      this.icon = text;
    });
    on(2, (text) => {
      this.title = text;
    });
    on(7, (text) => {
      this.cwd = text;
    });
    on(133, (text) => {
      this.promptMark = text;
    });
  }

  #trackColours(parser: IParser): void {
    parser.registerOscHandler(4, (data) => {
      const words = data.split(';');
      for (let at = 0; at + 1 < words.length; at += 2) {
        const index = paletteIndex(words[at]);
        const colour = words[at + 1];
        if (index !== undefined && isColour(colour)) this.palette.set(index, colour);
      }
      return false;
    });
    parser.registerOscHandler(104, (data) => {
      if (data === '') this.palette.clear();
      for (const word of data.split(';')) this.palette.delete(paletteIndex(word) ?? -1);
      return false;
    });
    for (const [first, { code, name }] of SPECIAL_COLOURS.entries()) {
      // One sequence may set this colour and those behind it.
      parser.registerOscHandler(code, (data) => {
        for (const [at, colour] of data.split(';').entries()) {
          const special = SPECIAL_COLOURS[first + at];
          if (special && isColour(colour)) this.specialColours.set(special.name, colour);
        }
        return false;
      });
      parser.registerOscHandler(code + 100, () => {
        this.specialColours.delete(name);
        return false;
      });
    }
  }
}

function paletteIndex(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,3}$/.test(word)) return undefined;
  const index = Number(word);
  return index <= MAX_PALETTE_INDEX ? index : undefined;
}

/** A question mark asks for the colour. */
function isColour(word: string | undefined): word is string {
  return word !== undefined && word !== '' && word !== '?' && word.length <= MAX_COLOUR_TEXT;
}

/** The sequences that set it again. None of them moves the cursor. */
export function restoreTracked(state: TrackedState): string {
  const { title, icon, cwd, promptMark } = state;
  const out: string[] = [];
  const osc = (code: number | string, text: string) => out.push(`\x1b]${code};${text}\x1b\\`);
  if (title !== undefined && title === icon) osc(0, title);
  else {
    if (icon !== undefined) osc(1, icon);
    if (title !== undefined) osc(2, title);
  }
  if (cwd !== undefined) osc(7, cwd);
  for (const [index, colour] of [...state.palette].toSorted(([a], [b]) => a - b)) osc(`4;${index}`, colour);
  for (const { code, name } of SPECIAL_COLOURS) {
    const colour = state.specialColours.get(name);
    if (colour !== undefined) osc(code, colour);
  }
  // In the order in which they were written: of two ways to encode the mouse, the later one holds.
  for (const [mode, isSet] of state.modes) out.push(`\x1b[?${mode}${isSet ? 'h' : 'l'}`);
  for (const [resource, value] of [...state.keyResources].toSorted(([a], [b]) => a - b))
    out.push(`\x1b[>${resource};${value}m`);
  if (promptMark !== undefined) osc(133, promptMark);
  return out.join('');
}

/** For the buffer that is active. */
export function restoreKitty({ stack, flags }: KittyKeyboard): string {
  const pushes = stack.map((saved) => `\x1b[=${saved};1u\x1b[>${saved}u`);
  return pushes.length > 0 || flags !== 0 ? `${pushes.join('')}\x1b[=${flags};1u` : '';
}
