import { expect, test } from 'vitest';
import { resetSequence } from './restore.ts';
import { TerminalModes } from './terminal-modes.ts';

function resetAfter(output: string): string {
  const modes = new TerminalModes();
  modes.push(Buffer.from(output));
  return resetSequence(modes, 80);
}

test('the alternate screen is left only if the terminal is on it', () => {
  expect(resetAfter('')).not.toContain('1049');
  expect(resetAfter('\x1b[?1049h')).toContain('\x1b[?1049l');
});

test.each([
  '\x1b[?25h',
  '\x1b[0m',
  '\x1b[?1000l',
  '\x1b[?1006l',
  '\x1b[?1004l',
  '\x1b[?2004l',
  '\x1b[<u',
  '\x1b[>4m',
  '\x1b>',
  '\x1b[?1l',
  '\x1b[0 q',
])('%j is in it', (sequence) => {
  for (const output of ['', '\x1b[?1049h']) expect(resetAfter(output)).toContain(sequence);
});

test.each([
  ['\x1b[>1u\x1b[>3u', '\x1b[<2u'],
  ['\x1b[?1049h\x1b[>1u\x1b[>3u\x1b[>3u', '\x1b[<3u'],
  ['\x1b[?2031h', '\x1b[?2031l'],
  ['\x1b[?5h', '\x1b[?5l'],
  ['\x1b[?6h', '\x1b[?6l'],
  ['\x1b]4;1;red\x1b\\', '\x1b]104\x1b\\'],
  ['\x1b]11;red\x07', '\x1b]111\x1b\\'],
  ['\x1b[3g', '\x1b[9G\x1bH'],
])('what %j has left is undone, and only then', (output, undoing) => {
  expect(resetAfter(output)).toContain(undoing);
  expect(resetAfter('')).not.toContain(undoing);
});

test('a wheel that moves the cursor is left on: the user may have it so', () => {
  expect(resetAfter('\x1b[?1007h')).not.toContain('1007');
});

test('what is no number of a mode is not written back: of a rounded one the terminal would print a part', () => {
  expect(resetAfter(`\x1b[?${'9'.repeat(24)};h`)).toBe(resetAfter(''));
  expect(resetAfter('\x1b[?123456;2031h')).toBe(resetAfter('\x1b[?2031h'));
});

test('nothing in it asks the terminal a question: an answer would be typed into the shell', () => {
  const sequence = resetAfter('\x1b[?1049h\x1b[?2031;69h\x1b[3g\x1b]4;1;red\x07');
  // oxlint-disable-next-line no-control-regex -- sequences begin with ESC
  expect(sequence).not.toMatch(/\x1b\[[?>=]*[\d;]*[cn]/);
});
