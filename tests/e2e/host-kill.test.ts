import { test } from 'vitest';
import { hostSurvivesKills } from './support/host-kills.ts';

test('a host that is killed three times under load: streams go on by offset, exact, and sessions are untouched', async () => {
  await hostSurvivesKills(3);
}, 180_000);
