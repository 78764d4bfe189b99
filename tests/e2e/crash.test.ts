import { startDaemon } from '@holdfast/testkit';
import { test } from 'vitest';
import { floodUnderKills } from './support/kills.ts';

const KILLS = 5;

test(`a daemon that is killed ${KILLS} times under load loses no session and no acknowledged key, repeats no byte, and leaves a mark each time`, async () => {
  await using daemon = await startDaemon({ keeper: true });
  await floodUnderKills(daemon, KILLS);
}, 120_000);
