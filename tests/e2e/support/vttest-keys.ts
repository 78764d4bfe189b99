import type { Shown } from './replaced-terminal.ts';

/** What is typed, key by key, at a page of vttest that waits for other keys than RETURN; the last one goes on. */
interface Page {
  readonly asks: RegExp;
  readonly keys: readonly string[];
}

const RETURN = '\r';
const TAB = '\t';
const ARROWS = ['\x1b[A', '\x1b[B', '\x1bOC', '\x1bOD', '\x1bA'];
const FUNCTION_KEYS = ['\x1bOP', '\x1b[15~', '\x1b[24~'];
const EDITING_KEYS = ['\x1b[1~', '\x1b[3~', '\x1b[6~'];
const KEYPAD = ['7', '\x1bOw', '\x1bOM', '\x1b?q'];
/** Each twice, as it demands it. */
const CONTROL_KEYS = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code, code));
/**
 * Pressed, released and moved, in all ways in which that is encoded; `t` and `T` end what was tracked. SPACE clears, `r` asks for modes,
 * `q` ends.
 */
const MOUSE = [
  '\x1b[M H,',
  '\x1b[M#J-',
  '\x1b[M@K.',
  '\x1b[<0;30;9M',
  '\x1b[<2;31;10m',
  '\x1b[32;20;12M',
  '\x1b[tH,',
  '\x1b[TH,J-K.',
  '\x1b[2;4;9;30;1&w',
  ' ',
  'r',
  'q',
];

const PAGES: readonly Page[] = [
  { asks: /Press each cursor key/, keys: [...ARROWS, TAB] },
  { asks: /Press each function key/, keys: [...FUNCTION_KEYS, ...EDITING_KEYS, ...KEYPAD, TAB] },
  { asks: /Press each key, both shifted/, keys: ['a', 'Z', '1', '~', ' ', '\x7f', RETURN] },
  { asks: /Auto Repeat ON: /, keys: [`aaaa${RETURN}`] },
  { asks: /Auto Repeat OFF: /, keys: [`a${RETURN}`] },
  { asks: /Push each CTRL-key TWICE/, keys: ['a', ...CONTROL_KEYS, '\x7f'] },
  { asks: /check of the ANSWERBACK/, keys: ['holdfast', RETURN] },
  { asks: /Function keys should echo their labels/, keys: [...FUNCTION_KEYS, 'F6', 'q'] },
  { asks: /Mouse events will be marked|Mouse Highlight Tracking/, keys: MOUSE },
  {
    asks: /press any key twice to quit|repeat to quit|Repeat a key to quit/,
    keys: ['a', '\x1b[A', 'b', 'b'],
  },
  { asks: /Please enter the/, keys: [`fixed${RETURN}`] },
];
/** Reports that do not come are given up by any key; some pages of a mouse scroll away what they ask for. */
const ANYTHING: Page = { asks: /^/, keys: [RETURN, RETURN, RETURN, `q${RETURN}`] };
const PUSH_RETURN: Page = { asks: /Push <RETURN>$/, keys: [RETURN] };

/** Types what the pages of vttest ask for, in turn. */
export class VttestKeys {
  /** How many keys were typed at each kind of page. One that comes again has been left by its last key. */
  readonly #typed = new Map<Page, number>();

  /** What to type next, at what is shown. */
  next({ page, beforeCursor }: Shown): string {
    const asking = PUSH_RETURN.asks.test(beforeCursor)
      ? PUSH_RETURN
      : (PAGES.find(({ asks }) => asks.test(page)) ?? ANYTHING);
    const typed = this.#typed.get(asking) ?? 0;
    this.#typed.set(asking, typed + 1);
    return asking.keys[typed % asking.keys.length] ?? RETURN;
  }
}
