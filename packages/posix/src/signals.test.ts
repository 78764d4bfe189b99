import os from 'node:os';
import { describe, expect, test } from 'vitest';
import { signalName, signalNumber } from './signals.ts';
import { decodeStatus } from './wait.ts';

describe('a signal', () => {
  test('has one name a number, and each name leads back to its number', () => {
    for (const [name, number] of Object.entries(os.constants.signals)) {
      expect(signalNumber(name)).toBe(number);
      expect(signalNumber(signalName(number))).toBe(number);
    }
    expect([1, 2, 6, 9, 15, 29, 42].map(signalName)).toEqual([
      'SIGHUP',
      'SIGINT',
      'SIGABRT',
      'SIGKILL',
      'SIGTERM',
      'SIGIO',
      'SIG42',
    ]);
  });

  test('is understood as people write it', () => {
    for (const text of ['SIGTERM', 'TERM', 'sigterm', 'term', '15']) expect(signalNumber(text)).toBe(15);
    for (const text of ['SIG42', 'sig42', '42']) expect(signalNumber(text)).toBe(42);
  });

  test.for([
    '',
    'SIG',
    '0',
    '65',
    '-9',
    '9 ',
    ' 9',
    '1e1',
    '0x9',
    'SIGSIGTERM',
    'TERM\n',
    '__proto__',
    'constructor',
  ])('is not %j', (text) => {
    expect(signalNumber(text)).toBeUndefined();
  });
});

test('a wait status is a code or a signal, with or without a core', () => {
  expect(decodeStatus(0)).toEqual({ code: 0 });
  expect(decodeStatus(0x0100)).toEqual({ code: 1 });
  expect(decodeStatus(0xff00)).toEqual({ code: 255 });
  expect(decodeStatus(9)).toEqual({ signal: 'SIGKILL' });
  expect(decodeStatus(0x80 | 11)).toEqual({ signal: 'SIGSEGV' });
  expect(decodeStatus(42)).toEqual({ signal: 'SIG42' });
});
