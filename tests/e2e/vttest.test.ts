import { afterAll, describe, expect, it } from 'vitest';
import { needs } from './support/needs.ts';
import { type Tour, tourOf } from './support/vttest-tour.ts';
import { leftOut, VTTEST_TOURS } from './support/vttest-tours.ts';

/** So a page is cut in the midst of what it draws, too. */
const READ_BYTES = 1024;
/** It sleeps a tenth of a second for each report. */
const TIMEOUT_MS = 300_000;

describe.concurrent('vttest, in a terminal that is replaced by a restored one at every read', () => {
  const tours: Tour[] = [];

  it.for(VTTEST_TOURS)(
    'shows the same on every page of $path, $what',
    { timeout: TIMEOUT_MS },
    async ({ path, ...options }, context) => {
      needs(context, 'vttest');
      const tour = await tourOf(path, { ...options, readBytes: READ_BYTES });
      context.expect(tour.faults).toEqual([]);
      tours.push(tour);
    },
  );

  afterAll(() => {
    if (tours.length === VTTEST_TOURS.length) expect(leftOut(tours)).toEqual([]);
  });
});
