import { setTimeout as passed } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ScriptedDaemon } from '../../test/kit/scripted-daemon.ts';
import { Client } from '../client.ts';
import { waitForSilence } from './wait-for-silence.ts';

test('an outage is no silence: the time begins anew when the connection is back', async () => {
  const idleMs = 200;
  await using daemon = await ScriptedDaemon.listen();
  daemon.addSession('one');
  await using client = await Client.connect({ connector: daemon.connector, name: 'test' });
  const subscribed = () => daemon.requested.until(({ type }) => type === 'subscribe');
  const silence = waitForSilence(client, 'one', idleMs).then((isSilent) => ({
    isSilent,
    atMs: performance.now(),
  }));
  await subscribed();
  await daemon.stop();
  // The outage is longer than the silence that is waited for.
  await passed(2 * idleMs);
  const resumed = subscribed().then(() => performance.now());
  await daemon.listen();
  const { isSilent, atMs } = await silence;
  expect(isSilent).toBe(true);
  // Timers may be a millisecond early.
  expect(atMs - (await resumed)).toBeGreaterThanOrEqual(idleMs - 2);
});
