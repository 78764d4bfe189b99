import { test } from 'vitest';
import { hostSurvivesKills } from './support/host-kills.ts';

test('a host that is ended three times under load, by force and by Ctrl-C in turn: streams go on by offset, exact, and sessions are untouched', async () => {
  await hostSurvivesKills(3);
}, 180_000);
