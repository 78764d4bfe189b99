import { afterAll, expect, it } from 'vitest';
import { needs } from './needs.ts';
import { type Tour, type TourOptions, tourOf } from './vttest-tour.ts';
import { leftOut, VTTEST_TOURS } from './vttest-tours.ts';

/** It sleeps a tenth of a second for each report. */
const TIMEOUT_MS = 300_000;

/** A test for each part of vttest in such a terminal; and that nothing was left out of them. */
export function goThroughVttest(terminal: Pick<TourOptions, 'readBytes' | 'deviceAttributes'>): void {
  const tours: Tour[] = [];

  it.for(VTTEST_TOURS)(
    'shows the same on every page of $path, $what',
    { timeout: TIMEOUT_MS },
    async ({ path, ...options }, context) => {
      needs(context, 'vttest');
      const tour = await tourOf(path, { ...options, ...terminal });
      context.expect(tour.faults).toEqual([]);
      tours.push(tour);
    },
  );

  afterAll(() => {
    if (tours.length === VTTEST_TOURS.length) expect(leftOut(tours)).toEqual([]);
  });
}
