import fs from 'node:fs';
import { queriesIn } from '@holdfast/testkit';
import { describe, expect, it } from 'vitest';
import { differences } from './differences.ts';
import { type Emulator, Emulators } from './emulator.ts';
import { Serializer } from './serializer.ts';

const emulators = new Emulators();
const serializer = new Serializer();
const size = { cols: 24, rows: 6 };

function emulator(written: string): Emulator {
  const it = emulators.open(size);
  it.feed(Buffer.from(written));
  return it;
}

/** What a terminal may have been told, each in a state in which it shows: by the rows of the first table of docs/screen.md. */
const STATES: Readonly<Record<string, readonly string[]>> = {
  'text, wide and combining characters, empty cells and their background': [
    'plain',
    '\x1b[44m\x1b[Kerased',
    '\x1b[7m\x1b[10@inserted',
    '世界 e\u0301 👩\u200d🚀',
    `${'世'.repeat(30)}x`,
    '\u0301alone',
    '世\x1b[1G-',
    '世\x1b[2G-',
    '\x1b[31m世\x1b[1G-',
  ],
  'bold, dim, italic, underline (5 styles, colour), blink, inverse, invisible, strike-through, overline, protected; 16, 256 and RGB colours':
    [
      '\x1b[1;3;4;5;7;9;53mall',
      '\x1b[2mdim\x1b[1mboth',
      '\x1b[8mhidden',
      '\x1b[31;102m16\x1b[38;5;1;48;5;200m256\x1b[38;2;1;2;3;48;2;4;5;6mrgb',
      '\x1b[4:3mcurly\x1b[58:2::1:2:3mcoloured\x1b[4:5m\x1b[58;5;9mdashed',
      '\x1b[4:2mdouble\x1b[4:4mdotted',
      '\x1b[1"qprotected\x1b[0"qnot',
    ],
  links: [
    '\x1b]8;id=a;https://a\x1b\\one\x1b]8;;\x1b\\ \x1b]8;;https://b\x07two',
    '\x1b]8;;https://a;b\x1b\\\x1b[4mx',
    '\x1b]8;;https://a\x1b\\one\r\n\x1b[2M',
    '\x1b]8;;https://a\x1b\\\x1b[?47h',
  ],
  'where lines are wrapped; the scrollback': [
    'x'.repeat(24),
    'x'.repeat(25),
    `${'x'.repeat(23)}世`,
    `${'x'.repeat(50)}\x1b[2;24H\x1b[K`,
    `${'x'.repeat(24)}\x1b[1;1H`,
    `a\r\n${'y'.repeat(400)}`,
    Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\r\n'),
    '\n'.repeat(30),
    `${'z'.repeat(300)}\r\n\n\n`,
  ],
  'which buffer is shown; the other one': [
    'shell\x1b[?1049hprogram',
    'shell\x1b[?47hprogram\x1b[2;3r',
    'shell\x1b[?1047hprogram',
    'shell\x1b[?1049h\x1b[>3u\x1b[?1049l',
  ],
  'cursor, and the pending wrap behind the last column': [
    '\x1b[3;5H',
    'x'.repeat(24),
    `${'x'.repeat(24)}\x1b[31m`,
    `${'x'.repeat(24)}\x1b[2K`,
    '世'.repeat(12),
    `${'x'.repeat(24)}\x1b[ @`,
    `\x1b[?6h\x1b[2;4r${'x'.repeat(24)}\x1b[ @`,
  ],
  'saved cursor of each buffer: place, pen, charset': [
    '\x1b[31m\x1b[3;4H\x1b7\x1b[m\x1b[H',
    '\x1b[31m\x1b[3;4H\x1b[?1048h\x1b[m\x1b[H',
    '\x1b(0\x1b7\x1b(B\x1b[2;2H',
    '\x1b[?1049h\x1b[5;5H\x1b7\x1b[H',
    '\x1b[?1049h\x1b[5;5H\x1b7\x1b[?1049l',
    '\x1b]8;;https://a\x1b\\\x1b7\x1b]8;;\x1b\\',
  ],
  'scroll region and tab stops of each buffer': [
    '\x1b[2;4r\x1b[3;3H',
    '\x1b[3g\x1b[5G\x1bH\x1b[1G',
    '\x1b[2;4r\x1b[?6h\x1b[2;2H',
    '\x1b[2;4r\x1b[?1049h\x1b[3;5r\x1b[3g\x1b[9G\x1bH',
  ],
  'pen, and its link': ['\x1b[1;31;44m', '\x1b[4:3;58;5;9m', '\x1b[1"q', '\x1b]8;;https://a\x1b\\'],
  'charsets G0–G3, the one in use': [
    '\x1b(0lqk',
    '\x1b)0\x0elqk',
    '\x1b*A\x1bn#',
    '\x1b+A\x1bo#',
    '\x1b(0\x1b7\x1b(Bx\x1b8',
    'q\x1b)0\x0e',
  ],
  'cursor keys, keypad, origin, wraparound, reverse wraparound, insert, line feed': [
    ...[1, 6, 45, 66].map((mode) => `\x1b[?${mode}h`),
    '\x1b[?7l',
    '\x1b=',
    '\x1b[4habc',
    '\x1b[20h',
  ],
  'cursor hidden, blinking, its shape': [
    '\x1b[?25l',
    '\x1b[?12h',
    ...[0, 1, 2, 3, 4, 5, 6].map((style) => `\x1b[${style} q`),
  ],
  'mouse: 9, 1000, 1002, 1003; SGR, SGR pixels': [9, 1000, 1002, 1003, 1006, 1016].map(
    (mode) => `\x1b[?${mode}h`,
  ),
  'focus, bracketed paste, synchronized output': [1004, 2004, 2026].map((mode) => `\x1b[?${mode}h`),
  'inverse screen, margins, UTF-8 and urxvt mouse, alternate scroll, graphemes, colour scheme; every unknown private mode, the newest 64':
    [5, 69, 1005, 1007, 1015, 2027, 2031, 9001].flatMap((mode) => [`\x1b[?${mode}h`, `\x1b[?${mode}l`]),
  'kitty keyboard of each buffer, with its stack of 16': [
    '\x1b[>1u',
    '\x1b[>1u\x1b[>5u\x1b[=2;2u',
    '\x1b[>1u\x1b[?1049h\x1b[>7u',
    '\x1b[>1u\x1b[<u',
    Array.from({ length: 18 }, (_, flags) => `\x1b[>${flags}u`).join(''),
  ],
  'key resources, modifyOtherKeys': ['\x1b[>4;2m', '\x1b[>1;1m\x1b[>4;1m'],
  'title, icon name, folder: the first 4,096 characters': [
    '\x1b]0;both\x07',
    '\x1b]2;title\x07\x1b]1;icon\x07',
    '\x1b]7;file://host/tmp\x07',
  ],
  'colours: palette, foreground, background, cursor': [
    '\x1b]4;1;rgb:11/22/33;200;#abc\x07',
    '\x1b]10;#111;#222;#333\x07',
    '\x1b]11;red\x07',
    '\x1b]4;1;#abc;2;#abc\x07\x1b]104;1\x07\x1b]10;#111\x07\x1b]110\x07',
  ],
  'the last mark of the prompt': ['\x1b]133;A\x07$ '],
  'what the next character may join, or be repeated from': ['e', 'e\x0f', '\u200d'],
};

/** The rows of the first table of a chapter of docs/screen.md, without its head. */
function tableOf(chapter: string): string[][] {
  const page = fs.readFileSync(new URL('../../../docs/screen.md', import.meta.url), 'utf8');
  const [, text = ''] = page.split(`\n## ${chapter}\n`);
  const [, table = ''] = /^(\|[^]*?)\n\n/m.exec(text) ?? [];
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
}

describe('docs/screen.md', () => {
  const rows = tableOf('What is carried');

  it('has a row for all that is tried here, and nothing else is said to be carried', () => {
    expect(rows.map(([what]) => what)).toEqual(Object.keys(STATES));
  });

  it.each(rows)('names modes that are tried: %s', (what = '', how = '') => {
    const texts = (STATES[what] ?? []).join('');
    for (const [, mode] of how.matchAll(/`\?(\d+)`/g))
      expect(texts).toMatch(new RegExp(`\\x1b\\[\\?${mode}[hl]`));
  });
});

describe('a restored terminal', () => {
  for (const [what, texts] of Object.entries(STATES))
    it.each(texts)(`has the same ${what}: %j`, (text) => {
      using original = emulator(text);
      const bytes = serializer.serialize(original);
      expect(serializer.unrepresented).toEqual([]);
      using restored = emulator('');
      restored.feed(bytes);
      expect(differences(original, restored)).toEqual([]);
      expect(serializer.serialize(restored).equals(bytes)).toBe(true);
      // What comes next is drawn the same.
      for (const it of [original, restored])
        it.feed(Buffer.from('\u0301next\x1b8saved\x1b[mq\r\n\tlines\n\x1b[?1049l'));
      expect(differences(original, restored)).toEqual([]);
    });

  it('is restored by bytes that ask nothing', () => {
    for (const text of Object.values(STATES).flat()) {
      using original = emulator(text);
      expect(queriesIn(serializer.serialize(original))).toEqual([]);
    }
  });

  it('of another make is told lines by their charset while that is in use: it prints no others then', () => {
    using original = emulator('\x1b(0q');
    const bytes = serializer.serialize(original).toString();
    expect(bytes.slice(bytes.indexOf('\x1b(0'))).toMatch(/q$/);
  });

  it('that is in use is not reset, and has the same but for what a hidden buffer has saved', () => {
    for (const text of Object.values(STATES).flat()) {
      using original = emulator(text);
      const bytes = serializer.serialize(original, { isInUse: true });
      for (const reset of ['\x1bc', '\x1b[?47h']) expect(bytes.toString('latin1')).not.toContain(reset);
      using painted = emulator('');
      painted.feed(bytes);
      const hidden = original.internals.isAlternate
        ? /row of the cursor in the normal buffer/
        : /(saved place|saved cursor) of the alternate buffer|kitty keyboard/;
      const found = differences(original, painted).filter((difference) => !hidden.test(difference));
      if (serializer.unrepresented.length === 0) expect({ text, found }).toEqual({ text, found: [] });
      else expect(serializer.unrepresented).toEqual(['pending wrap behind an empty cell']);
    }
  });

  it('that is in use leaves the alternate buffer to where the session would leave it', () => {
    using original = emulator('\x1b[31mshell\x1b[3;4H\x1b(0\x1b[?1049h\x1b[m\x1b(Bprogram');
    using painted = emulator('');
    painted.feed(serializer.serialize(original, { isInUse: true }));
    for (const it of [original, painted]) it.feed(Buffer.from('\x1b[?1049lq'));
    expect(differences(original, painted)).toEqual([]);
  });

  it('has so many lines of scrollback as were asked for', () => {
    using original = emulator(Array.from({ length: 60 }, (_, index) => `line ${index}`).join('\r\n'));
    using restored = emulator('');
    restored.feed(serializer.serialize(original, { scrollback: 10 }));
    expect(restored.internals.normal.ybase).toBe(10);
    expect(restored.terminal.buffer.normal.getLine(0)?.translateToString(true)).toBe('line 44');
  });
});

describe('a resize', () => {
  const wider = { cols: 40, rows: 12 };
  it.each([
    [
      'the alternate buffer, which was narrower for a while',
      `\x1b[?1049h${'x'.repeat(24)}`,
      [{ cols: 9, rows: 6 }],
    ],
    ['half a wide character', '\x1b[?1049h世世世世', [{ cols: 5, rows: 6 }]],
    ['a saved cursor below the screen', `${'\n'.repeat(9)}\x1b7\x1b[H`, [{ cols: 24, rows: 2 }]],
    ['a saved cursor above it', `\x1b7${'\n'.repeat(9)}`, []],
    ['a saved cursor behind the last column', `${'x'.repeat(24)}\x1b7\r`, []],
    ['the cursor of the buffer that is not shown', `${'\n'.repeat(9)}\x1b[?1049h\x1b[H`, []],
    [
      'the cell beside which the cursor comes to stand',
      `\x1b[31m${'x'.repeat(20)}\x1b[32my`,
      [{ cols: 12, rows: 6 }],
    ],
    ['a link', `${'x'.repeat(20)}\x1b]8;;https://a\x1b\\a link\x1b]8;;\x1b\\\r\n`, [{ cols: 12, rows: 6 }]],
  ])('leaves %s to a restored terminal as to the original', (_what, written, sizes) => {
    using original = emulator(written);
    for (const one of sizes) original.resize(one);
    using restored = emulators.open(original);
    restored.feed(serializer.serialize(original));
    expect(serializer.unrepresented).toEqual([]);
    for (const next of ['\x1b[P', wider, '\x1b[?1049l\x1b8saved']) {
      for (const it of [original, restored]) {
        if (typeof next === 'string') it.feed(Buffer.from(next));
        else it.resize(next);
      }
      expect(differences(original, restored)).toEqual([]);
    }
  });
});

it('has an alternate buffer of one screen, also if the window was larger while that was hidden', () => {
  using it = emulator('');
  it.resize({ cols: 24, rows: 3 });
  it.feed(Buffer.from(`\x1b[?1049h${'\n'.repeat(20)}`));
  expect(it.terminal.buffer.active.length).toBe(3);
});

describe('a link', () => {
  it('is one as long as it is seen, wherever its cells have gone', () => {
    using it = emulator(`${'x'.repeat(18)}\x1b]8;;https://a\x1b\\a link\x1b]8;;\x1b\\\r\n`);
    it.resize({ cols: 12, rows: 6 });
    it.feed(Buffer.from('\x1b[H\x1b[M'));
    const { lines, ybase } = it.internals.normal;
    expect(lines.get(ybase)?.getString(6)).toBe('a');
    expect(it.internals.link(lines.get(ybase)?._extendedAttrs[6]?._urlId ?? 0)?.uri).toBe('https://a');
  });

  it('is forgotten when it is not', () => {
    using it = emulator('');
    for (let link = 1; link <= 5_000; link += 1) it.feed(Buffer.from(`\r\x1b]8;;https://${link}\x1b\\x`));
    expect(it.internals.link(1)).toBeUndefined();
    expect(it.internals.link(5_000)?.uri).toBe('https://5000');
  });
});

describe('an emulator', () => {
  it('is told the same by pieces that end within a character', () => {
    const text = Buffer.from('、世\u0301😀、');
    using whole = emulator('');
    whole.feed(text);
    using pieces = emulator('');
    for (const byte of text) pieces.feed(Uint8Array.of(byte));
    expect(differences(whole, pieces)).toEqual([]);
  });

  it('survives an erase above from the last cell of a screen without scrollback', () => {
    using original = emulator('gone\x1b[6;24Hx\x1b[1J\x1b[6;1Hstays');
    expect(original.terminal.buffer.active.getLine(0)?.translateToString(true)).toBe('');
    expect(original.terminal.buffer.active.getLine(5)?.translateToString(true)).toBe('stays');
  });
});

describe('a comparison', () => {
  it.each([
    ['a cell', 'ab', 'ac'],
    ['an attribute', '\x1b[1ma', 'a'],
    ['the underline of a cell', '\x1b[4:3ma', '\x1b[4:2ma'],
    ['a link', '\x1b]8;;https://a\x1b\\a', 'a'],
    ['a wrap', 'x'.repeat(30), `${'x'.repeat(24)}\r\n${'x'.repeat(6)}`],
    ['the scrollback', '\n'.repeat(9), '\n'.repeat(8)],
    ['the cursor', 'a', 'a\x1b[3D'],
    ['a mode', '\x1b[?2004h', ''],
    ['a tracked mode', '\x1b[?2027h', ''],
    ['the pen', '\x1b[31m', ''],
    ['the saved cursor', '\x1b[3;3H\x1b7\x1b[H', ''],
    ['the scroll region', '\x1b[2;3r', ''],
    ['the keyboard', '\x1b[>1u', ''],
    ['the title', '\x1b]2;a\x07', ''],
    ['the charset', '\x1b(0', ''],
  ])('tells %s', (_, left, right) => {
    using one = emulator(left);
    using other = emulator(right);
    expect(differences(one, other)).not.toEqual([]);
  });
});
