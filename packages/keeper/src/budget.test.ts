import { expect, test } from 'vitest';
import { failuresAfter, pauseAfter } from './budget.ts';

/** What follows each death of a daemon that had been ready for so long. */
function history(...readyForMs: (number | undefined)[]): (number | 'hold')[] {
  let failures = 0;
  return readyForMs.map((ms) => {
    failures = failuresAfter(failures, ms);
    return pauseAfter(failures);
  });
}

test('a daemon that has served is replaced at once, however often it dies', () => {
  expect(history(2_000, 3_000, 2_001, 1e9, 5_000)).toEqual([0, 0, 0, 0, 0]);
});

test('the third in a row that dies before it is ready, or soon after, is the last', () => {
  expect(history(undefined, undefined, undefined)).toEqual([100, 400, 'hold']);
  expect(history(1_999, undefined, 0)).toEqual([100, 400, 'hold']);
  expect(history(5_000, 10, 10, 10)).toEqual([0, 100, 400, 'hold']);
});

test('one that has served in between begins the count anew', () => {
  expect(history(undefined, 10, 2_000, undefined, 10)).toEqual([100, 400, 0, 100, 400]);
});
