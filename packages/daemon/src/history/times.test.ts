import fs from 'node:fs';
import { close, mapFile, openAllocated } from '@holdfast/posix';
import { expect, test, vi } from 'vitest';
import { Scratch } from '../../test/kit/scratch.ts';
import { type TimedOffset, Times, timesFileBytes } from './times.ts';

const FILE_BYTES = timesFileBytes(64 * 1024);
/** Blocks of 128 rows of 8 bytes behind 24. */
const BLOCKS = Math.floor((FILE_BYTES - 64) / (24 + 128 * 8));
const ALL = Number.POSITIVE_INFINITY;

function open(file: string, isNew: boolean): Times {
  const fd = openAllocated(file, FILE_BYTES);
  try {
    return new Times(mapFile(fd, FILE_BYTES), isNew);
  } finally {
    close(fd);
  }
}

/** One each 100 ms, 10 bytes apart. */
function note(times: Times, from: number, to: number): void {
  for (let step = from; step < to; step += 1) times.output(10 * step, 100 * step);
}

function pages(times: Times, from: number): TimedOffset[] {
  const all: TimedOffset[] = [];
  for (let at: number | undefined = from; at !== undefined; ) {
    const { times: part, next } = times.page(at, 2);
    all.push(...part);
    at = next;
  }
  return all;
}

test('what was noted is found again, and gone on with, by whoever opens the file', () => {
  using scratch = new Scratch();
  const times = open(scratch.path('times'), true);
  note(times, 0, 3);
  const again = open(scratch.path('times'), false);
  note(again, 3, 5);
  times.catchUp();
  note(times, 5, 6);
  again.catchUp();
  const { times: found, next } = again.page(0, ALL);
  expect(found.map(({ offset }) => offset)).toEqual([0, 10, 20, 30, 40, 50]);
  expect(next).toBeUndefined();
  const first = found[0]?.timeMs ?? 0;
  // The two processes do not have the same zero to the millisecond.
  for (const [index, { timeMs }] of found.entries())
    expect(Math.abs(timeMs - first - 100 * index)).toBeLessThan(3);
  times.unmap();
  again.unmap();
});

test('output is noted 20 times a second at most, by the offset at which it begins', () => {
  using scratch = new Scratch();
  const times = open(scratch.path('times'), true);
  for (let ms = 0; ms < 1_000; ms += 1) times.output(ms, ms);
  expect(times.page(0, ALL).times.map(({ offset }) => offset)).toEqual(
    Array.from({ length: 20 }, (_, at) => 50 * at),
  );
  times.unmap();
});

test('when the file is full the oldest give way, and it does not grow', () => {
  using scratch = new Scratch();
  const count = 128 * BLOCKS * 3 + 17;
  const times = open(scratch.path('times'), true);
  note(times, 0, count);
  const found = pages(times, 0);
  expect(found.at(-1)?.offset).toBe(10 * (count - 1));
  expect(found.length).toBeGreaterThan(128 * (BLOCKS - 2));
  expect(found.length).toBeLessThanOrEqual(128 * BLOCKS);
  for (const [index, { offset }] of found.entries())
    expect(offset).toBe((found[0]?.offset ?? 0) + 10 * index);
  expect(fs.statSync(scratch.path('times')).size).toBe(FILE_BYTES);
  times.unmap();
});

test('a page begins with what tells the time of its first byte', () => {
  using scratch = new Scratch();
  const times = open(scratch.path('times'), true);
  note(times, 0, 1_000);
  for (const from of [0, 5, 1_279, 1_280, 1_281, 5_555, 9_990, 12_000]) {
    const { times: found } = times.page(from, 1);
    expect(found[0]?.offset).toBeLessThanOrEqual(from);
    expect(pages(times, from).at(-1)?.offset).toBe(9_990);
  }
  times.unmap();
});

test('hours of silence, gigabytes at once and a clock that is set back are no trouble', () => {
  using scratch = new Scratch();
  const times = open(scratch.path('times'), true);
  const offsets = [0, 2 ** 33, 2 ** 33 + 1, 2 ** 52];
  times.output(offsets[0] ?? 0, 0);
  times.output(offsets[1] ?? 0, 1_000);
  times.output(offsets[2] ?? 0, 2 ** 40);
  vi.useFakeTimers({ now: 1_000_000 });
  const later = open(scratch.path('times'), false);
  vi.useRealTimers();
  later.output(offsets[3] ?? 0, 0);
  expect(later.page(0, ALL).times.map(({ offset }) => offset)).toEqual(offsets);
  times.unmap();
  later.unmap();
});

test('a file that holds no times is not taken for one', () => {
  using scratch = new Scratch();
  fs.writeFileSync(scratch.path('times'), Buffer.alloc(FILE_BYTES, 7));
  expect(() => open(scratch.path('times'), false)).toThrow('the times are damaged');
});

test('of a block that is damaged no time is told, and it begins no part', () => {
  using scratch = new Scratch();
  const times = open(scratch.path('times'), true);
  note(times, 0, 300);
  const file = fs.readFileSync(scratch.path('times'));
  // The second of three blocks, behind the header.
  file.writeDoubleLE(Number.POSITIVE_INFINITY, 64 + 24 + 128 * 8);
  fs.writeFileSync(scratch.path('times'), file);
  const again = open(scratch.path('times'), false);
  expect(again.page(0, 1).next).toBeUndefined();
  expect(again.page(0, 3).times.map(({ offset }) => offset)).not.toContain(Number.POSITIVE_INFINITY);
  times.unmap();
  again.unmap();
});
