import { expect, test } from 'vitest';
import { TimedOutput, type Timeline } from './timed-output.ts';

const BEGIN = { offset: 0, timeMs: 1_000, cols: 80, rows: 24 };

/** What is shown when: texts, and sizes in their places. */
function shown(timeline: Timeline, text: string, { begin = BEGIN, pieces = [text.length] } = {}): unknown[] {
  const output = new TimedOutput(timeline, begin);
  const told: unknown[] = [];
  let at = begin.offset;
  const tell = (parts: ReturnType<TimedOutput['cut']>): void => {
    for (const { timeMs, bytes, resized } of parts)
      told.push([timeMs, resized ? `${resized.cols}x${resized.rows}` : Buffer.from(bytes).toString()]);
  };
  for (const length of pieces) {
    tell(output.cut(Buffer.from(text.slice(at - begin.offset, at - begin.offset + length)), at));
    at += length;
  }
  tell(output.end(at));
  return told;
}

test('output is cut where its time changes, however it comes', () => {
  const timeline: Timeline = {
    times: [
      [0, 1_000],
      [2, 1_500],
      [5, 3_000],
    ],
    sizes: [],
  };
  expect(shown(timeline, 'aabbbcc')).toEqual([
    [1_000, 'aa'],
    [1_500, 'bbb'],
    [3_000, 'cc'],
  ]);
  expect(shown(timeline, 'aabbbcc', { pieces: [3, 4] })).toEqual([
    [1_000, 'aa'],
    [1_500, 'b'],
    [1_500, 'bb'],
    [3_000, 'cc'],
  ]);
});

test('a size holds from its own time on, also where nothing was written for it', () => {
  const size = (offset: number, cols: number, timeMs: number) => ({ offset, cols, rows: 24, timeMs });
  const timeline: Timeline = {
    times: [
      [0, 1_000],
      [2, 9_000],
    ],
    sizes: [
      size(0, 80, 500),
      size(2, 80, 2_000),
      size(2, 100, 2_000),
      size(2, 120, 2_100),
      size(4, 90, 9_500),
    ],
  };
  expect(shown(timeline, 'aabb')).toEqual([
    [1_000, 'aa'],
    [2_000, '100x24'],
    [2_100, '120x24'],
    [9_000, 'bb'],
    [9_500, '90x24'],
  ]);
});

test('a clock that is set back costs no time, and neither does one that is set forth before it is known', () => {
  const timeline: Timeline = {
    times: [
      [0, 1_000],
      [1, 500],
      [2, 700],
    ],
    sizes: [],
  };
  expect(shown(timeline, 'abc')).toEqual([
    [1_000, 'a'],
    [1_000, 'b'],
    [1_200, 'c'],
  ]);
});

test('of output without a beginning, time and size are those of what came before', () => {
  const timeline: Timeline = {
    times: [
      [10, 1_000],
      [102, 3_000],
    ],
    sizes: [{ offset: 100, cols: 90, rows: 30, timeMs: 0 }],
  };
  const output = new TimedOutput(timeline, { ...BEGIN, offset: 100 });
  expect(output.size).toEqual({ cols: 90, rows: 30 });
  expect([...output.cut(Buffer.from('abc'), 100)].map(({ timeMs }) => timeMs)).toEqual([1_000, 3_000]);
});
