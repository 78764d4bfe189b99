import { expect, test } from 'vitest';
import type { Mark } from './mark-rows.ts';
import { timelineOf } from './timeline.ts';

function size(offset: number, cols: number): Mark {
  return { kind: 'size', offset, timeMs: 0, cols, rows: 24 };
}

function time(offset: number, timeMs: number): Mark {
  return { kind: 'time', offset, timeMs };
}

function of(marks: readonly Mark[], from: number) {
  return timelineOf({ marks, times: undefined, end: 1_000 }, from);
}

test('without finer times the marks tell, from the last one before the part on', () => {
  const marks = [time(0, 1), time(100, 2), { kind: 'crash', offset: 120, timeMs: 3 } as const, time(200, 4)];
  expect(of(marks, 150).times).toEqual([
    { offset: 100, timeMs: 2 },
    { offset: 200, timeMs: 4 },
  ]);
});

test('the first size is the one that holds at the beginning of the part', () => {
  expect(of([size(0, 80), size(100, 80), size(100, 120), size(300, 120), size(300, 90)], 200).sizes).toEqual([
    { offset: 200, cols: 120, rows: 24, timeMs: 0 },
    { offset: 300, cols: 120, rows: 24, timeMs: 0 },
    { offset: 300, cols: 90, rows: 24, timeMs: 0 },
  ]);
  // Older marks have given way: the first that is left says what was before it.
  expect(of([size(300, 120), size(300, 90)], 200).sizes[0]).toEqual({
    offset: 200,
    cols: 120,
    rows: 24,
    timeMs: 0,
  });
  expect(of([], 200).sizes).toEqual([]);
});

test('a mark beyond the output is not believed', () => {
  expect(of([time(0, 1), time(2_000, 2), size(2_000, 9)], 0)).toEqual({
    times: [{ offset: 0, timeMs: 1 }],
    sizes: [{ offset: 0, cols: 9, rows: 24, timeMs: 0 }],
    next: undefined,
  });
});
