import path from 'node:path';
import { installation, repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Household } from '../e2e/support/household.ts';
import { type Trial, TRIALS } from '../e2e/support/trials.ts';

/** The daemon as the TypeScript compiler makes it: a file a module. What is shipped is a bundle. */
const compiled = {
  ...installation(),
  daemonEntry: path.join(repository, 'packages', 'daemon', 'dist', 'main.js'),
};
const DELAY_MS = 10_000;

test('at whichever step and of whatever an upgrade fails, nothing has changed, and the next one goes well', async () => {
  await using household = await Household.start(compiled);
  await household.survivesAll(TRIALS);
}, 900_000);

/** Each message that one side sends comes 10 s late. The predecessor waits 1 s for `adopted`, 2 s for `serving`. */
const DELAYS: readonly Trial[] = [
  { points: { 'successor.loaded': DELAY_MS }, code: 'none' },
  { points: { 'successor.prepared': DELAY_MS }, code: 'none' },
  { points: { 'successor.adopted': DELAY_MS }, code: 'E_UPGRADE_TIMEOUT', reason: 'did not adopt' },
  { points: { 'predecessor.commit': DELAY_MS }, code: 'none' },
  { points: { 'successor.committed': DELAY_MS }, code: 'E_UPGRADE_TIMEOUT', reason: 'did not serve' },
];

test('each message may come 10 s late: the upgrade goes well or has never been, and nobody reads beside another', async () => {
  await using household = await Household.start();
  await household.survivesAll(DELAYS);
  // Its time is over before it sends; on a busy machine the answer is there all the same when it looks.
  const late = await household.survives({ points: { 'predecessor.snapshot': DELAY_MS }, code: 'any' });
  expect(late).toMatch(/^none$|^E_UPGRADE_TIMEOUT: .*did not adopt/);
}, 300_000);

test('a `serving` that comes just when it is given up is heard, or its sender is dead: never do two read', async () => {
  await using household = await Household.start();
  const ends = new Set<string>();
  for (let delayMs = 1_975; delayMs <= 2_010; delayMs += 1) {
    ends.add(await household.survives({ points: { 'successor.committed': delayMs }, code: 'any' }));
  }
  // Both ends of the race were seen.
  expect(new Set([...ends].map((end) => end.split(':')[0]))).toEqual(new Set(['E_UPGRADE_TIMEOUT', 'none']));
}, 600_000);
