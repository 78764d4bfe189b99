import { HoldfastError } from '@holdfast/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBytes, parseCount, parseMilliseconds, parseSize, TIMER_MS_MAX } from './numbers.ts';

const bounds = { min: 65_536, max: 2 ** 30 };

describe('bytes', () => {
  test.each([
    ['65536', 65_536],
    ['64K', 65_536],
    ['1M', 1_048_576],
    ['1G', 2 ** 30],
  ])('%s is %d', (text, bytes) => {
    expect(parseBytes('--history', text, bounds)).toBe(bytes);
  });

  test.each([
    '64kb',
    '64k',
    '1e6',
    '-1',
    '',
    ' 65536',
    '65536 ',
    '0x10000',
    '1.5M',
    '64KiB',
    'K',
    '1_000_000',
  ])('"%s" is refused, and named', (text) => {
    expect(() => parseBytes('--history', text, bounds)).toThrow(usage(`--history`, `"${text}"`));
  });

  test.each(['1', '63K', '2G', '99999999999999999999G'])('%s is out of bounds', (text) => {
    expect(() => parseBytes('--history', text, bounds)).toThrow(usage('--history must be at', text));
  });
});

describe('sizes', () => {
  test('are columns and rows', () => {
    expect(parseSize('--size', '132x43')).toEqual({ cols: 132, rows: 43 });
  });

  test.each(['80', '80x', 'x24', '80X24', '80x24x2', '80 x 24', '-80x24', '8e1x24', ''])(
    '"%s" is refused',
    (text) => {
      expect(() => parseSize('--size', text)).toThrow(usage('--size', `"${text}"`));
    },
  );

  test.each(['0x24', '80x0', '4097x24', '80x99999999999999999999'])('%s is no terminal', (text) => {
    expect(() => parseSize('--size', text)).toThrow(usage('--size: '));
  });
});

test('a count is digits and nothing else, whatever is typed', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^[0-9]+$/.test(text));
      expect(() => parseCount('--from', text)).toThrow(usage('--from must be a whole number'));
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(parseCount('--from', String(value))).toBe(value);
    }),
  );
  expect(() => parseCount('--from', '9007199254740992')).toThrow(usage('too large'));
  const words = ['start', 'now'];
  expect(() => parseCount('--from', 'end', { words })).toThrow(
    usage('--from must be start or now or a whole number'),
  );
});

test('a time is never longer than a timer can wait', () => {
  expect(parseMilliseconds('--idle', String(TIMER_MS_MAX))).toBe(TIMER_MS_MAX);
  expect(() => parseMilliseconds('--idle', String(TIMER_MS_MAX + 1))).toThrow(usage('at most'));
});

function usage(...parts: string[]): unknown {
  return expect.toSatisfy(
    (error: unknown) =>
      error instanceof HoldfastError &&
      error.code === 'E_USAGE' &&
      parts.every((part) => error.message.includes(part)),
  );
}
