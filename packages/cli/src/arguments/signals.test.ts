import { expect, test } from 'vitest';
import { parseSignal, signalNumber } from './signals.ts';

test.each([
  ['INT', 'SIGINT'],
  ['sigterm', 'SIGTERM'],
  ['9', 'SIGKILL'],
  ['6', 'SIGABRT'],
  ['IOT', 'SIGABRT'],
  ['WINCH', 'SIGWINCH'],
  ['34', 'SIG34'],
  ['SIG40', 'SIG40'],
])('%s is %s', (text, name) => {
  expect(parseSignal('--signal', text)).toBe(name);
});

test.each(['', 'NOPE', '0', '65', '-9', '9.5'])('"%s" is refused', (text) => {
  expect(() => parseSignal('--signal', text)).toThrow('--signal: there is no signal');
});

test('a typing error is understood', () => {
  expect(() => parseSignal('--signal', 'TREM')).toThrow('did you mean SIGTERM?');
});

test('names have numbers', () => {
  expect(signalNumber('SIGKILL')).toBe(9);
  expect(signalNumber('SIG34')).toBe(34);
  expect(signalNumber('SIGNOPE')).toBeUndefined();
});
