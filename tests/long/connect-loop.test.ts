import { startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { ConnectLoop } from '../e2e/support/connect-loop.ts';
import { upgrade } from '../e2e/support/upgrades.ts';

test('a new client each millisecond finds the daemon through 20 upgrades, and none is hung up on', async () => {
  await using daemon = await startDaemon();
  const loop = new ConnectLoop(daemon);
  for (let round = 0; round < 20; round += 1) await upgrade(daemon);
  await loop.stop();
  expect(loop.failures).toEqual([]);
  expect(loop.greeted).toBeGreaterThan(1_000);
}, 120_000);
