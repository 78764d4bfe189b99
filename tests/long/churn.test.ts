import { startDaemon } from '@holdfast/testkit';
import { test } from 'vitest';
import { churn } from '../e2e/support/churn.ts';

test.each(['disk', 'memory'] as const)(
  'open, exit, forget 2,000 times with its history in %s: descriptors, processes and files are as before',
  async (historyIn) => {
    await using daemon = await startDaemon();
    // A leak of 8 KiB a session would show.
    await churn(daemon, { times: 2_000, warmUp: 1_500, growthBytes: 16 * 1024 * 1024, historyIn });
  },
);
