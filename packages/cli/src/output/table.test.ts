import fc from 'fast-check';
import { expect, test } from 'vitest';
import { displayWidth, printable, truncate } from './printable.ts';
import { type Column, layOutTable } from './table.ts';

const columns = [{ title: 'NAME', shrinksTo: 4 }, { title: 'ID' }, { title: 'N', align: 'right' }] as const;

test('columns are aligned, numbers to the right', () => {
  const rows = [
    ['a', 'id1', '1'],
    ['longer', 'id22', '100'],
  ];
  expect(layOutTable(columns, rows, undefined)).toBe(
    ['NAME    ID      N', 'a       id1     1', 'longer  id22  100', ''].join('\n'),
  );
});

test('wide characters count twice, combining ones not at all', () => {
  expect(displayWidth('日本')).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(truncate('日本語', 5)).toBe('日本…');
});

test('a narrow terminal cuts what may be cut, and no line is wider', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), fc.string(), fc.string())),
      fc.integer({ min: 1, max: 60 }),
      (rows, width) => {
        for (const line of layOutTable(columns, rows, width).split('\n')) {
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
        }
      },
    ),
  );
});

test('a name can not drive the terminal', () => {
  expect(printable('a\x1b[2Jb\u009b1mc\u202ed')).toBe('a\ufffd[2Jb\ufffd1mc\ufffdd');
  expect(printable('make\n\tall')).toBe('make all');
  expect(layOutTable(columns, [['\x1b]0;x\x07', '', '']], undefined)).not.toContain('\x1b');
});

test('what can be done without is left out before anything is cut off, from the right', () => {
  const columns: Column[] = [
    { title: 'NAME', shrinksTo: 4 },
    { title: 'SIZE', isDispensable: true },
    { title: 'AGE' },
    { title: 'CLIENTS', isDispensable: true },
  ];
  const rows = [['session', '80x24', '3m', '12']];
  const titles = (width: number) => layOutTable(columns, rows, width).split('\n')[0]?.split(/ +/);
  expect(titles(25)).toEqual(['NAME', 'SIZE', 'AGE', 'CLIENTS']);
  expect(titles(24)).toEqual(['NAME', 'SIZE', 'AGE']);
  expect(titles(15)).toEqual(['NAME', 'AGE']);
});
