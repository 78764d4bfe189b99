import { expect, test } from 'vitest';
import { resetSequence } from './restore.ts';

test('the alternate screen is left only if the terminal is on it', () => {
  expect(resetSequence({ isAlternate: false })).not.toContain('1049');
  expect(resetSequence({ isAlternate: true })).toContain('\x1b[?1049l');
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
])('%j is in it', (sequence) => {
  for (const isAlternate of [true, false]) expect(resetSequence({ isAlternate })).toContain(sequence);
});

test('nothing in it asks the terminal a question: an answer would be typed into the shell', () => {
  // oxlint-disable-next-line no-control-regex -- sequences begin with ESC
  expect(resetSequence({ isAlternate: true })).not.toMatch(/\x1b\[[?>=]*[\d;]*[cn]/);
});
