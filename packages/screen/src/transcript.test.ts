import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Emulators, type ScreenSize } from './emulator.ts';
import { Transcript, type TranscriptFormat } from './transcript.ts';

const SIZE = { cols: 10, rows: 4 };
const emulators = new Emulators();

/** What comes of output, and of sizes in between. */
function transcript(
  parts: readonly (string | ScreenSize)[],
  { format = 'txt', pieceBytes = 1_000_000 }: { format?: TranscriptFormat; pieceBytes?: number } = {},
): string {
  using made = new Transcript(format, { ...SIZE, title: '<a title>' }, emulators);
  let text = made.begin();
  for (const part of parts) {
    if (typeof part !== 'string') text += made.resize(part);
    else {
      const bytes = Buffer.from(part);
      for (let at = 0; at < bytes.length; at += pieceBytes)
        text += made.push(bytes.subarray(at, at + pieceBytes));
    }
  }
  return text + made.end();
}

function lines(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `line ${from + index}\r\n`).join('');
}

function plain(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

describe('a transcript', () => {
  test('has every line, however many there are and however they come', () => {
    const output = lines(0, 50_000);
    expect(transcript([output])).toBe(plain(output));
    expect(transcript([lines(0, 200)], { pieceBytes: 7 })).toBe(plain(lines(0, 200)));
  });

  test('has lines whole that were broken at the margin, with the spaces in them', () => {
    const long = `${'a'.repeat(8)}  ${'b'.repeat(25)}   c`;
    expect(transcript([`${long}\r\n${lines(0, 20)}${long}`])).toBe(
      `${long}\n${plain(lines(0, 20))}${long}\n`,
    );
  });

  test('has empty lines where they are, and none at the end', () => {
    expect(transcript(['a\r\n\r\n\r\nb\r\n\r\n\r\n\r\n\r\nc\r\n\r\n'])).toBe('a\n\n\nb\n\n\n\n\nc\n');
    expect(transcript([''])).toBe('');
  });

  test('has what has left the screen also if it is erased then', () => {
    const clear = '\x1b[H\x1b[2J\x1b[3J';
    expect(transcript([`${lines(0, 6)}${clear}after`])).toBe('line 0\nline 1\nline 2\nafter\n');
    expect(transcript([`${lines(0, 6)}\x1bcafter`])).toBe('line 0\nline 1\nline 2\nafter\n');
  });

  test('has what a full-screen program shows only at its end, behind what that covers', () => {
    const under = `${lines(0, 6)}$ vi`;
    expect(transcript([`${under}\x1b[?1049h\x1b[Hfile`])).toBe(`${plain(under)}\nfile\n`);
    expect(transcript([`${under}\x1b[?1049h\x1b[Hfile\x1b[?1049l\r\nagain`])).toBe(
      `${plain(under)}\nagain\n`,
    );
  });

  test('keeps the place of a saved cursor when lines leave the screen', () => {
    expect(transcript([`${lines(0, 5)}\x1b[2;3H\x1b7`, '\x1b[4;1Hx\x1b8y'])).toBe(
      'line 0\nline 1\nline 2\nliye 3\nline 4\nx\n',
    );
  });

  test('takes up each size as it comes', () => {
    expect(
      transcript([`${'x'.repeat(15)}\r\n`, { cols: 20, rows: 2 }, `${'y'.repeat(20)}\r\n${lines(0, 3)}`]),
    ).toBe(`${'x'.repeat(15)}\n${'y'.repeat(20)}\n${plain(lines(0, 3))}`);
    // Many lines at once become many more.
    const wide = { cols: 200, rows: 60 };
    expect(
      transcript([wide, Array(60).fill('z'.repeat(200)).join('\r\n') + '\r\n', { cols: 2, rows: 2 }]).match(
        /z/g,
      ),
    ).toHaveLength(12_000);
  });

  test('has colours if they are wanted', () => {
    const output = `\x1b[31mred\x1b[m\r\n${lines(0, 5)}`;
    expect(transcript([output], { format: 'ansi' })).toBe(`\x1b[0;31mred\x1b[m\n${plain(lines(0, 5))}`);
  });

  test('as HTML is a page in which nothing of the output is markup', () => {
    const page = transcript(['\x1b]0;<script>\x07<b>&"\r\n\x1b[1mbold'], { format: 'html' });
    expect(page).toMatch(
      /^<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>&#60;a title&#62;<\/title>/,
    );
    expect(page).toContain(
      '>&#60;b&#62;&#38;&#34;\n<span style="font-weight:bold">bold</span>\n</pre></body></html>\n',
    );
    expect(page).not.toContain('<script');
  });

  test('is the same however the output is cut', () => {
    const part = fc.constantFrom(
      'word ',
      '\r\n',
      '\n\n',
      '\x1b[3J',
      '\x1b[2J\x1b[H',
      '\x1b[?1049h',
      '\x1b[?1049l',
      '\x1b7',
      '\x1b8',
      '世界',
      '\x1bM',
      'x'.repeat(33),
      '\x1b[31m',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), fc.integer({ min: 1, max: 30 }), (parts, pieceBytes) => {
        const output = parts.join('');
        expect(transcript([output], { pieceBytes })).toBe(transcript([output]));
      }),
    );
  });
});
