import { expect, test } from 'vitest';
import { playerKeys } from './player-keys.ts';

test('keys are told, and sequences of the terminal are none', () => {
  expect(playerKeys(' .x.')).toEqual(['pause', 'step', 'step']);
  expect(playerKeys('\x1bP>|xterm.js(5.3.0) \x1b\\')).toEqual([]);
  expect(playerKeys('.\x1b[?1;2c')).toEqual(['step']);
  expect(playerKeys('\x1b[A\x03')).toEqual(['quit']);
});
