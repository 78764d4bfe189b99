import { describe, expect, test } from 'vitest';
import { differences } from './differences.ts';
import { type Emulator, Emulators } from './emulator.ts';
import { drawHtml } from './html-drawing.ts';
import { drawAnsi, drawText } from './text-drawing.ts';

const emulators = new Emulators();
const size = { cols: 12, rows: 3 };
const screen = { historyLines: 0 };

function shown(written: string): Emulator {
  const emulator = emulators.open(size);
  emulator.feed(Buffer.from(written));
  return emulator;
}

describe('text', () => {
  test.each([
    ['rows', 'one\r\ntwo', 'one\ntwo\n\n'],
    ['spaces at the ends of rows, which nobody sees', 'a  b   \r\n\x1b[44m  ', 'a  b\n\n\n'],
    ['a line that is wrapped, as it stands there', '0123456789abcdef', '0123456789ab\ncdef\n\n'],
    ['wide and combining characters, each once', '世界e\u0301x', '世界e\u0301x\n\n\n'],
    ['half a wide character as a space', '世\x1b[2G-', ' -\n\n\n'],
    ['gaps', '\x1b[2;5Hx', '\n    x\n\n'],
    ['the alternate buffer, if that is shown', 'below\x1b[?1049h\x1b[Habove', 'above\n\n\n'],
  ])('has %s', (_what, written, expected) => {
    using emulator = shown(written);
    expect(drawText(emulator, screen)).toBe(expected);
  });

  test('has as many lines above the screen as are asked for, and are there', () => {
    using emulator = shown('1\r\n2\r\n3\r\n4\r\n5');
    expect(drawText(emulator, { historyLines: 1 })).toBe('2\n3\n4\n5\n');
    expect(drawText(emulator, { historyLines: 1_000 })).toBe('1\n2\n3\n4\n5\n');
  });
});

test('rows of thousands of spaces before something are drawn as fast as others', () => {
  using emulator = emulators.open({ cols: 4_096, rows: 200 });
  emulator.feed(Buffer.from('\x1b[4095C.\r\n'.repeat(199)));
  const begin = performance.now();
  expect(drawText(emulator, screen)).toBe(`${`${' '.repeat(4_095)}.\n`.repeat(199)}\n`);
  drawAnsi(emulator, screen);
  expect(performance.now() - begin).toBeLessThan(2_000);
});

describe('ANSI text', () => {
  test('looks the same in a terminal', () => {
    const attributes =
      '\x1b[1;31mred\x1b[m \x1b[4:3;58:5:9mcurl\x1b[m\r\n\x1b[48;2;1;2;3m  \x1b[m世\x1b[7m \x1b[m.';
    using emulator = shown(attributes);
    using again = shown(drawAnsi(emulator, screen).trimEnd().replaceAll('\n', '\r\n'));
    // The cursor is elsewhere, which is none of what is drawn.
    const cells = (all: readonly string[]) => all.filter((one) => !/cursor|pen|last/i.test(one));
    expect(cells(differences(emulator, again))).toEqual([]);
  });

  test('has nothing but text and SGR, and no line colours the next', () => {
    using emulator = shown('\x1b]8;;http://x\x1b\\\x1b[1"q\x1b[41mlink\x1b[0"q\r\nx\x1b[m');
    expect(drawAnsi(emulator, screen)).toBe('\x1b[0;41mlink\x1b[m\n\x1b[0;41mx\x1b[m\n\n');
  });
});

describe('HTML', () => {
  const body = (html: string) => /^<pre style="[^"]*">(.*)<\/pre>\n$/s.exec(html)?.[1];

  test('shows text as text', () => {
    using emulator = shown('<b>&"x');
    expect(body(drawHtml(emulator, screen))).toBe('&#60;b&#62;&#38;&#34;x\n\n\n');
  });

  test('has colours and attributes in it', () => {
    using emulator = shown(
      '\x1b[1;3;9;31mr\x1b[m\x1b[7mi\x1b[m\x1b[38;5;196;48;2;1;2;3mc\x1b[m\x1b[4:3mu\x1b[m\x1b[38;5;240mg',
    );
    expect(body(drawHtml(emulator, screen))).toBe(
      [
        '<span style="color:#cc0000;font-weight:bold;font-style:italic;text-decoration-line:line-through">r</span>',
        '<span style="color:#000000;background:#e5e5e5">i</span>',
        '<span style="color:#ff0000;background:#010203">c</span>',
        '<span style="text-decoration-line:underline;text-decoration-style:wavy">u</span>',
        '<span style="color:#585858">g</span>\n\n\n',
      ].join(''),
    );
  });

  test('has the colours that the program has set for its terminal, and none that is markup', () => {
    using emulator = shown(
      '\x1b]11;rgb:f/ff/8000\x1b\\\x1b]4;1;#123456;2;red"><script>\x1b\\\x1b[31mr\x1b[32mg',
    );
    const html = drawHtml(emulator, screen);
    expect(html).toContain('background:#ffff80');
    expect(body(html)).toBe('<span style="color:#123456">r</span><span style="color:#4e9a06">g</span>\n\n\n');
  });

  test('gives a wide character its two columns', () => {
    using emulator = shown('世e');
    expect(body(drawHtml(emulator, screen))).toBe(
      '<span style="display:inline-block;width:2ch">世</span>e\n\n\n',
    );
  });
});
