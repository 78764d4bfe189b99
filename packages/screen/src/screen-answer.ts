import type { Emulator } from './emulator.ts';
import type { TrackedState } from './hooks.ts';
import { currentPenOf, selectPen } from './pen.ts';
import { plainAnswer, type UnseenTerminal } from './queries/answers.ts';
import { partsOf } from './queries/find-queries.ts';
import { reported } from './queries/palette.ts';
import { colourFact, type TerminalFacts } from './queries/terminal-facts.ts';

const SPECIAL_COLOURS = { foreground: 10, background: 11, cursor: 12 } as const;

/** What a terminal that shows this screen answers to a query; empty if it answers nothing. */
export function screenAnswer(emulator: Emulator, query: string, terminal: UnseenTerminal): string {
  const { body } = partsOf(query);
  const seen = { ...terminal, facts: { ...terminal.facts, ...coloursOf(emulator.tracked) } };
  switch (body) {
    case '[6n':
      return `\x1b[${cursorOf(emulator)}R`;
    case '[?6n':
      return `\x1b[?${cursorOf(emulator)};1R`;
    case '[?u':
      return `\x1b[?${kittyFlagsOf(emulator)}u`;
    case 'P$qm':
      return `\x1bP1$r${penOf(emulator)}m\x1b\\`;
  }
  const plain = () => plainAnswer(query, seen)?.text ?? '';
  // xterm.js knows its modes and settings. It answers to a string when that ends, which the next sequence may have done.
  if (body.endsWith('$p')) return emulator.ask(query) || plain();
  if (body.startsWith('P$q')) return emulator.ask(`\x1b${body}\x1b\\`) || plain();
  return plain();
}

/** Row and column, from the corner of the scroll region if programs see the screen so. The last column has its place, too, when it is full. */
function cursorOf({ terminal, internals, cols }: Emulator): string {
  const { cursorX, cursorY } = terminal.buffer.active;
  const { region } = internals.isAlternate ? internals.alternate : internals.normal;
  const top = terminal.modes.originMode ? region[0] : 0;
  return `${cursorY - top + 1};${Math.min(cursorX, cols - 1) + 1}`;
}

function kittyFlagsOf({ internals, tracked }: Emulator): number {
  return (internals.isAlternate ? tracked.kitty.alternate : tracked.kitty.normal).flags;
}

/** As parameters of SGR; RGB with colons, by which programs see that it was understood. */
function penOf({ internals: { pen } }: Emulator): string {
  // oxlint-disable-next-line no-control-regex -- the sequence begins with ESC
  const parameters = /^\x1b\[([\d;:]*)m/.exec(selectPen(currentPenOf(pen.fg, pen.bg, pen.extended)))?.[1];
  return (parameters || '0').replaceAll(/([34]8);2;(\d+);(\d+);(\d+)/g, '$1:2::$2:$3:$4');
}

/** Those that programs have set, whatever the last terminal had. */
function coloursOf({ palette, specialColours }: TrackedState): TerminalFacts {
  const colours: Record<string, string> = {};
  const set = (code: string | number, colour: string) => {
    const rgb = reported(colour);
    if (rgb !== undefined) colours[colourFact(code)] = rgb;
  };
  for (const [index, colour] of palette) set(`4;${index}`, colour);
  for (const [name, colour] of specialColours) set(SPECIAL_COLOURS[name], colour);
  return colours;
}
