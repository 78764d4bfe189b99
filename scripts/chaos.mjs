// Everything that can happen to Holdfast, at once and for long, and a table of what came of it (tests/chaos/).
//
//   npm run chaos -- [--seed N] [--minutes N]     the same seed makes the same things happen in the same order
import { parseArgs } from 'node:util';
import { longRun } from './long-run.mjs';

const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string' } } });
longRun('chaos', { HOLDFAST_CHAOS_SEED: values.seed, HOLDFAST_CHAOS_MINUTES: values.minutes }, 10);
