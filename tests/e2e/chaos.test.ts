import { expect, test } from 'vitest';
import { chaos } from '../chaos/chaos.ts';

const SEED = 20_261_128;
const MS = 40_000;

test('upgrades, failures, kills, stops, crowds and a full disk at once: nothing is lost that is not told', async () => {
  const tally = await chaos({ seed: SEED, ms: MS });
  console.log(String(tally));
  expect(tally.faults).toEqual([]);
  expect(tally.events).toBeGreaterThan(3);
}, 300_000);
