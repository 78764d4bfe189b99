import { partsOf } from './find-queries.ts';
import { defaultColour, paletteColour } from './palette.ts';
import { capabilityFact, colourFact, FACT, type TerminalFacts } from './terminal-facts.ts';

/** The terminal of a session that nobody looks at, as far as its screen does not matter. */
export interface UnseenTerminal {
  readonly cols: number;
  readonly rows: number;
  /** What the last terminal was that showed the session. */
  readonly facts: TerminalFacts;
}

interface Row {
  /** Of the query without ESC and what ends a string. */
  readonly asked: RegExp;
  /** The answer depends on what the terminal has been shown; this one is for when that can't be known. */
  readonly needsScreen?: true;
  readonly answer: (found: RegExpExecArray, terminal: UnseenTerminal, end: string) => string;
}

/** Height and width of a cell in pixels, of a terminal that has never told. */
const CELL = '20;10';
/** Names as XTGETTCAP has them, in hexadecimal digits. */
const CAPABILITIES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ TN: 'xterm-256color', Co: '256', colors: '256', RGB: '8/8/8' }).map(([name, value]) => [
    capabilityFact(hex(name)),
    hex(value),
  ]),
);

const ROWS: readonly Row[] = [
  { asked: /^(?:\[0*c|Z)$/, answer: fact(FACT.da1, '\x1b[?62;22c') },
  { asked: /^\[>0*c$/, answer: fact(FACT.da2, '\x1b[>0;276;0c') },
  { asked: /^\[=0*c$/, answer: fact(FACT.da3, '\x1bP!|00000000\x1b\\') },
  { asked: /^\[>0*q$/, answer: fact(FACT.version, '\x1bP>|holdfast\x1b\\') },
  { asked: /^\[5n$/, answer: () => '\x1b[0n' },
  { asked: /^\[(\??)6n$/, needsScreen: true, answer: ([, prefix]) => `\x1b[${prefix}1;1R` },
  {
    asked: /^\[(\??)(\d+)\$p$/,
    needsScreen: true,
    answer: ([, prefix, mode]) => `\x1b[${prefix}${mode};0$y`,
  },
  { asked: /^\[\?u$/, needsScreen: true, answer: () => '\x1b[?0u' },
  { asked: /^P\$q/, needsScreen: true, answer: () => '\x1bP0$r\x1b\\' },
  { asked: /^P\+q(.*)$/s, answer: ([, names = ''], { facts }) => capabilities(names, facts) },
  {
    asked: /^\]4;(.*)$/s,
    needsScreen: true,
    answer: ([, pairs = ''], { facts }, end) => palette(pairs.split(';'), facts, end),
  },
  {
    asked: /^\](1[0-2]);(.*)$/s,
    needsScreen: true,
    answer: ([, code, fields = ''], { facts }, end) => {
      const asked = fields.split(';').map((field, at) => (field === '?' ? Number(code) + at : 0));
      return asked.map((number) => special(number, facts, end)).join('');
    },
  },
  { asked: /^\[11t$/, answer: () => '\x1b[1t' },
  { asked: /^\[13(?:;\d*)?t$/, answer: () => '\x1b[3;0;0t' },
  { asked: /^\[14(?:;\d*)?t$/, answer: (_, terminal) => `\x1b[4;${pixels(terminal)}t` },
  { asked: /^\[15t$/, answer: (_, terminal) => `\x1b[5;${pixels(terminal)}t` },
  { asked: /^\[16t$/, answer: (_, { facts }) => `\x1b[6;${facts[FACT.cell] ?? CELL}t` },
  { asked: /^\[18t$/, answer: (_, { cols, rows }) => `\x1b[8;${rows};${cols}t` },
  { asked: /^\[19t$/, answer: (_, { cols, rows }) => `\x1b[9;${rows};${cols}t` },
  // What programs have set must not be typed.
  { asked: /^\[20t$/, answer: () => '\x1b]L\x1b\\' },
  { asked: /^\[21t$/, answer: () => '\x1b]l\x1b\\' },
];

/** What is answered by what is known without the screen; undefined if nothing is: no terminal need answer that. */
export function plainAnswer(
  query: string,
  terminal: UnseenTerminal,
): { readonly text: string; readonly needsScreen: boolean } | undefined {
  const { body, end } = partsOf(query);
  for (const { asked, needsScreen = false, answer } of ROWS) {
    const found = asked.exec(body);
    if (found) return { text: answer(found, terminal, end), needsScreen };
  }
  return undefined;
}

function fact(name: string, otherwise: string): Row['answer'] {
  return (_, { facts }) => facts[name] ?? otherwise;
}

function pixels({ cols, rows, facts }: UnseenTerminal): string {
  const [height = 0, width = 0] = (facts[FACT.cell] ?? CELL).split(';').map(Number);
  return `${height * rows};${width * cols}`;
}

/** One answer for each name. */
function capabilities(names: string, facts: TerminalFacts): string {
  // Whatever else stands there must not be typed.
  const asked = names.split(';').filter((name) => /^[\da-f]+$/i.test(name));
  const answers = asked.map((name) => {
    const value = facts[capabilityFact(name)] ?? CAPABILITIES[capabilityFact(name)];
    if (value === undefined) return `0+r${name}`;
    return `1+r${name}${value === '' ? '' : `=${value}`}`;
  });
  return answers.map((answer) => `\x1bP${answer}\x1b\\`).join('');
}

function palette(words: readonly string[], facts: TerminalFacts, end: string): string {
  const answers = words.flatMap((word, at) => {
    const index = /^\d{1,3}$/.test(word) ? Number(word) : 256;
    if (at % 2 !== 0 || words[at + 1] !== '?' || index > 255) return [];
    return [`\x1b]4;${index};${facts[colourFact(`4;${index}`)] ?? paletteColour(index)}${end}`];
  });
  return answers.join('');
}

function special(code: number, facts: TerminalFacts, end: string): string {
  if (code < 10 || code > 12) return '';
  return `\x1b]${code};${facts[colourFact(code)] ?? defaultColour(code)}${end}`;
}

function hex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex').toUpperCase();
}
