import type { TerminalModes } from './terminal-modes.ts';

/** Each row undoes what a program may have switched on; harmless where it has not. */
const RESETS = [
  { undoes: 'colours and links', by: '\x1b[0m\x1b]8;;\x1b\\' },
  { undoes: 'protected characters', by: '\x1b[0"q' },
  { undoes: 'line-drawing characters', by: '\x1b(B\x1b)B\x0f' },
  { undoes: 'insert mode', by: '\x1b[4l' },
  { undoes: 'line feed mode', by: '\x1b[20l' },
  { undoes: 'application cursor keys', by: '\x1b[?1l' },
  { undoes: 'application keypad', by: '\x1b>' },
  {
    undoes: 'mouse reports',
    by: '\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l',
  },
  { undoes: 'focus reports', by: '\x1b[?1004l' },
  { undoes: 'bracketed paste', by: '\x1b[?2004l' },
  { undoes: 'modifyOtherKeys', by: '\x1b[>4m' },
  { undoes: 'lines cut at the margin', by: '\x1b[?7h' },
  { undoes: 'hidden cursor', by: '\x1b[?25h' },
  { undoes: 'shape of the cursor', by: '\x1b[0 q' },
] as const;

/** What a program has set of these is not undone by resetting it: they are done above, or are on by default or by the user's choice, or are no state. */
const NOT_RESET: ReadonlySet<number> = new Set([3, 6, 7, 8, 25, 1007, 1034, 1035, 1036, 1039, 1048]);
/** On by default where they are known. */
const ON_BY_DEFAULT: readonly number[] = [8];
/** Of these the terminal's own settings are brought back, and only if a program has changed them: so the user's are not lost. */
const COLOURS = [
  { set: 4, by: '\x1b]104\x1b\\' },
  { set: 10, by: '\x1b]110\x1b\\' },
  { set: 11, by: '\x1b]111\x1b\\' },
  { set: 12, by: '\x1b]112\x1b\\' },
] as const;

const SHOW_OUTPUT = '\x1b[?2026l';
export const ENTER_ALTERNATE_SCREEN = '\x1b[?1049h';
const LEAVE_ALTERNATE_SCREEN = '\x1b[?1049l';
const SCROLL_REGION = '\x1b[r';
const TAB_COLUMNS = 8;

/** ST: ends whatever sequence the output stopped in the middle of, so that what follows is understood. */
export const END_OF_SEQUENCE = '\x1b\\';

/** Keeps the title that the terminal has, and brings it back. */
export const TITLE = { keep: '\x1b[22;0t', back: '\x1b[23;0t' } as const;

/** What puts a terminal back into the state in which a shell expects it, whatever the program did to it. The cursor stays where it is. */
export function resetSequence(modes: TerminalModes, cols: number): string {
  const set = modes.modes(true);
  const off = set.filter((mode) => !NOT_RESET.has(mode)).map((mode) => `\x1b[?${mode}l`);
  const on = modes.modes(false).filter((mode) => ON_BY_DEFAULT.includes(mode));
  const { kitty, isAlternate } = modes;
  return [
    SHOW_OUTPUT,
    ...(isAlternate ? [keyboard(kitty.alternate), ...region(set), LEAVE_ALTERNATE_SCREEN] : []),
    keyboard(kitty.main),
    ...region(isAlternate ? [] : set),
    ...RESETS.map(({ by }) => by),
    ...off,
    ...on.map((mode) => `\x1b[?${mode}h`),
    ...COLOURS.filter((colour) => modes.has(colour.set)).map(({ by }) => by),
    ...(modes.hasTabStops ? [tabStops(cols)] : []),
  ].join('');
}

/** The kitty keyboard's stack, of which main and alternate screen have one each, and what is below. */
function keyboard(entries: number): string {
  return `\x1b[<${entries > 1 ? entries : ''}u\x1b[=0u`;
}

/** Origin mode would be brought back with the cursor. Where it was set nobody knows where the cursor is: below everything is right. */
function region(set: readonly number[]): string[] {
  return set.includes(6) ? [`\x1b[?6l${SCROLL_REGION}\x1b[999H`] : [`\x1b7${SCROLL_REGION}\x1b8`];
}

function tabStops(cols: number): string {
  let stops = '';
  for (let column = 0; column < cols; column += TAB_COLUMNS) stops += `\x1b[${column + 1}G\x1bH`;
  return `\x1b7\x1b[3g${stops}\x1b8`;
}
