import { expect, test } from 'vitest';
import { chaos } from '../chaos/chaos.ts';

const MINUTES = Number(process.env['HOLDFAST_CHAOS_MINUTES'] ?? 5);
const SEED = Number(process.env['HOLDFAST_CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`chaos for ${MINUTES} minutes, seed ${SEED}: nothing is lost that is not told`, async () => {
  const tally = await chaos({
    seed: SEED,
    ms: MINUTES * 60_000,
    onEvent: (name, seconds) => console.log(`${seconds.toFixed(1)} s  ${name}`),
    onKept: (folder) => console.log(`the logs are in ${folder}`),
  });
  console.log(`seed ${SEED}, ${MINUTES} minutes\n\n${String(tally)}`);
  expect(tally.faults).toEqual([]);
}, 7_200_000);
