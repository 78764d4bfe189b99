import fs from 'node:fs';
import { close, mapFile, openAllocated } from '@holdfast/posix';
import { expect, test, vi } from 'vitest';
import { Scratch } from '../../test/kit/scratch.ts';
import { MARKS_FILE_BYTES, Marks } from './marks.ts';

/** Rows of 24 bytes behind a header of the same size. */
const CAPACITY = Math.floor(MARKS_FILE_BYTES / 24) - 1;

function open(file: string, isNew: boolean): Marks {
  const fd = openAllocated(file, MARKS_FILE_BYTES);
  try {
    return new Marks(mapFile(fd, MARKS_FILE_BYTES), isNew);
  } finally {
    close(fd);
  }
}

test('marks are found again in order, with all they say', () => {
  using scratch = new Scratch();
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  const marks = open(scratch.path('marks'), true);
  marks.size(0, 80, 24);
  marks.output(10, performance.now());
  marks.crash(2 ** 52 + 1);
  marks.size(2 ** 52 + 2, 4_096, 1);
  vi.useRealTimers();
  const timeMs = 1_700_000_000_000;
  const expected = [
    { kind: 'size', offset: 0, timeMs, cols: 80, rows: 24 },
    { kind: 'time', offset: 10, timeMs },
    { kind: 'crash', offset: 2 ** 52 + 1, timeMs },
    { kind: 'size', offset: 2 ** 52 + 2, timeMs, cols: 4_096, rows: 1 },
  ];
  expect(marks.all()).toEqual(expected);
  marks.unmap();
  const again = open(scratch.path('marks'), false);
  expect(again.all()).toEqual(expected);
  again.unmap();
});

test('when the file is full the oldest marks give way, also across a restart', () => {
  using scratch = new Scratch();
  const count = CAPACITY * 2 + 17;
  let marks = open(scratch.path('marks'), true);
  for (let offset = 0; offset < count; offset += 1) {
    if (offset === Math.floor(count / 2)) {
      marks.unmap();
      marks = open(scratch.path('marks'), false);
    }
    marks.crash(offset);
  }
  const offsets = marks.all().map((mark) => mark.offset);
  expect(offsets).toHaveLength(CAPACITY);
  expect(offsets[0]).toBe(count - CAPACITY);
  expect(offsets.at(-1)).toBe(count - 1);
  expect(offsets).toEqual(offsets.toSorted((one, other) => one - other));
  marks.unmap();
  expect(fs.statSync(scratch.path('marks')).size).toBe(MARKS_FILE_BYTES);
});

test('output is timed once a second, whatever the wall clock does', () => {
  using scratch = new Scratch();
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  const marks = open(scratch.path('marks'), true);
  for (let step = 0; step < 40; step += 1) {
    marks.output(step, performance.now());
    vi.advanceTimersByTime(100);
  }
  // Somebody sets the clock back by a day.
  vi.setSystemTime(1_700_000_000_000 - 86_400_000);
  for (let step = 40; step < 60; step += 1) {
    marks.output(step, performance.now());
    vi.advanceTimersByTime(100);
  }
  vi.useRealTimers();
  expect(marks.all().map((mark) => mark.offset)).toEqual([0, 10, 20, 30, 40, 50]);
  marks.unmap();
});

test.for([
  ['an offset that is none', (row: DataView) => row.setFloat64(0, Number.NaN, true)],
  ['an offset before all', (row: DataView) => row.setFloat64(0, -1, true)],
  ['a time that is none', (row: DataView) => row.setFloat64(8, Number.POSITIVE_INFINITY, true)],
  ['no columns', (row: DataView) => row.setUint16(18, 0, true)],
  ['more rows than a terminal has', (row: DataView) => row.setUint16(20, 4_097, true)],
] as const)('a mark with %s is left out, and those beside it are told', ([, damage]) => {
  using scratch = new Scratch();
  const marks = open(scratch.path('marks'), true);
  for (const offset of [0, 1, 2]) marks.size(offset, 80, 24);
  const file = fs.readFileSync(scratch.path('marks'));
  // The second row behind the header.
  damage(new DataView(file.buffer, file.byteOffset + 24 * 2, 24));
  fs.writeFileSync(scratch.path('marks'), file);
  const again = open(scratch.path('marks'), false);
  expect(again.all().map(({ offset }) => offset)).toEqual([0, 2]);
  marks.unmap();
  again.unmap();
});

test('a crash is told of however much is noted after it, also across a restart', () => {
  using scratch = new Scratch();
  let marks = open(scratch.path('marks'), true);
  const crashes = [3, 4, 10, CAPACITY];
  for (let offset = 0; offset < CAPACITY * 3; offset += 1) {
    if (offset === CAPACITY * 2) {
      marks.unmap();
      marks = open(scratch.path('marks'), false);
    }
    if (crashes.includes(offset)) marks.crash(offset);
    else marks.size(offset, 80, 24);
  }
  const all = marks.all();
  expect(all.filter(({ kind }) => kind === 'crash').map(({ offset }) => offset)).toEqual(crashes);
  expect(all).toHaveLength(CAPACITY);
  // Of all others the newest are there.
  expect(all.slice(crashes.length).map(({ offset }) => offset)).toEqual(
    Array.from({ length: CAPACITY - crashes.length }, (_, index) => CAPACITY * 2 + crashes.length + index),
  );
  marks.unmap();
});
