import { expect } from 'vitest';
import { percentile, typeBesideFlood } from './support/web-load.ts';
import { webTest } from './support/web-test.ts';

/** What a loaded machine may need for one key; a page that has to wait for the flood needs many seconds. */
const GENEROUS_MS = 2_000;

webTest(
  'with twenty terminals open and one that floods, typing in another is answered, and the memory of the page is bounded',
  { timeout: 120_000 },
  async ({ host, web }) => {
    const { echoMs, heapBytes } = await typeBesideFlood({ web, host, forMs: 4_000 });
    console.log(
      `echo p50 ${percentile(echoMs, 0.5).toFixed(1)} ms, p95 ${percentile(echoMs, 0.95).toFixed(1)} ms of ${echoMs.length} keys`,
    );
    expect(percentile(echoMs, 0.95)).toBeLessThan(GENEROUS_MS);
    // The flood's scrollback is full soon; what is printed after that must not stay anywhere.
    expect(heapBytes.after - heapBytes.before).toBeLessThan(128 * 1024 * 1024);
    expect(web.errors).toEqual([]);
  },
);
