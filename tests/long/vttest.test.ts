import { afterAll, describe, expect, it } from 'vitest';
import { needs } from '../e2e/support/needs.ts';
import { type Tour, tourOf } from '../e2e/support/vttest-tour.ts';
import { leftOut, VTTEST_TOURS } from '../e2e/support/vttest-tours.ts';

const READ_BYTES = 64;
/** To a VT525 it shows pages that it keeps from others, and it switches between the levels of terminals. */
const VT525 = '\x1b[?65;1;2;6;8;9;15;22c';

describe.concurrent('vttest, in a VT525 that is replaced by a restored one every 64 bytes', () => {
  const tours: Tour[] = [];

  it.for(VTTEST_TOURS)(
    'shows the same on every page of $path, $what',
    async ({ path, ...options }, context) => {
      needs(context, 'vttest');
      const tour = await tourOf(path, { ...options, readBytes: READ_BYTES, deviceAttributes: VT525 });
      context.expect(tour.faults).toEqual([]);
      tours.push(tour);
    },
  );

  afterAll(() => {
    if (tours.length === VTTEST_TOURS.length) expect(leftOut(tours)).toEqual([]);
  });
});
