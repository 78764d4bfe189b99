/** Each row undoes what a program may have switched on; harmless where it has not. */
const RESETS = [
  { undoes: 'synchronized output', by: '\x1b[?2026l' },
  { undoes: 'kitty keyboard: one entry of the stack, then what is below', by: '\x1b[<u\x1b[=0u' },
  { undoes: 'scroll region, cursor kept', by: '\x1b7\x1b[r\x1b8' },
] as const;

export const ENTER_ALTERNATE_SCREEN = '\x1b[?1049h';
const LEAVE_ALTERNATE_SCREEN = '\x1b[?1049l';

const RESETS_ON_MAIN = [
  { undoes: 'kitty keyboard: main and alternate screen have a stack each', by: '\x1b[<u\x1b[=0u' },
  { undoes: 'colours', by: '\x1b[0m' },
  { undoes: 'line-drawing characters', by: '\x1b(B\x0f' },
  { undoes: 'insert mode', by: '\x1b[4l' },
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
] as const;

/** What puts a terminal back into the state in which a shell expects it, whatever the program did to it. */
export function resetSequence({ isAlternate }: { isAlternate: boolean }): string {
  const rows = [
    ...RESETS,
    ...(isAlternate ? [{ by: LEAVE_ALTERNATE_SCREEN }] : []),
    ...(isAlternate ? RESETS_ON_MAIN : RESETS_ON_MAIN.slice(1)),
  ];
  return rows.map(({ by }) => by).join('');
}
