import { expect } from 'vitest';
import { percentile, typeBesideFlood } from '../e2e/support/web-load.ts';
import { webTest } from '../e2e/support/web-test.ts';

const MEBIBYTE = 1024 * 1024;

webTest(
  'beside a terminal that floods for a minute, twenty being open, 95 of 100 keys are echoed within 100 ms',
  { timeout: 300_000 },
  async ({ host, web }) => {
    const { echoMs, heapBytes } = await typeBesideFlood({ web, host, forMs: 60_000 });
    console.log(
      `echo p50 ${percentile(echoMs, 0.5).toFixed(1)} ms, p95 ${percentile(echoMs, 0.95).toFixed(1)} ms of ${echoMs.length} keys;`,
      `heap ${Math.round(heapBytes.before / MEBIBYTE)} → ${Math.round(heapBytes.after / MEBIBYTE)} MiB`,
    );
    expect(percentile(echoMs, 0.95)).toBeLessThan(100);
    expect(heapBytes.after - heapBytes.before).toBeLessThan(64 * MEBIBYTE);
    expect(web.errors).toEqual([]);
  },
);
