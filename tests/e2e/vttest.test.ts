import { describe, expect, test } from 'vitest';
import { needs } from './support/needs.ts';
import { goThroughVttest } from './support/vttest-suite.ts';
import { tourOf } from './support/vttest-tour.ts';

/** So a page is cut in the midst of what it draws, too. */
const READ_BYTES = 1024;

describe.concurrent('vttest, in a terminal that is replaced by a restored one at every read', () => {
  goThroughVttest({ readBytes: READ_BYTES });
});

test.concurrent('a program that is not vttest, and ends, has not been gone through', async () => {
  const { faults } = await tourOf('11.1', { readBytes: READ_BYTES, fewestPages: 2, program: '/bin/true' });
  expect(faults).toEqual([
    '11.1 was not chosen',
    'menu 11.1 was not gone through',
    'not chosen in it: *',
    '1 pages, instead of 2 at least',
    'not its last page: ',
  ]);
});

test.concurrent('a menu that is not there has not been gone through', async (context) => {
  needs(context, 'vttest');
  const { faults } = await tourOf('11.99', { readBytes: READ_BYTES, fewestPages: 2 });
  expect(faults).toEqual(['11.99 was not chosen', 'menu 11.99 was not gone through', 'not chosen in it: *']);
});
