import { test } from 'vitest';
import { Household } from './support/household.ts';
import { SHORT_TRIALS } from './support/trials.ts';

test('whatever an upgrade fails of, sessions, streams and clients are as before, and the next one goes well', async () => {
  await using household = await Household.start();
  await household.survivesAll(SHORT_TRIALS);
}, 180_000);
