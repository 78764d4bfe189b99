import { describe } from 'vitest';
import { goThroughVttest } from '../e2e/support/vttest-suite.ts';

/** To a VT525 it shows pages that it keeps from others, and it switches between the levels of terminals. */
const VT525 = '\x1b[?65;1;2;6;8;9;15;22c';

describe.concurrent('vttest, in a VT525 that is replaced by a restored one every 64 bytes', () => {
  goThroughVttest({ readBytes: 64, deviceAttributes: VT525 });
});
