import { test } from 'vitest';
import { hostSurvivesKills } from '../e2e/support/host-kills.ts';

test('a host that is killed twenty times under load: streams go on by offset, exact, and sessions are untouched', async () => {
  await hostSurvivesKills(20);
});
