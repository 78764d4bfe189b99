import { Client, netConnector } from '@holdfast/client';
import { startDaemon, stopProcess, within } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { waitFor } from '../src/api/wait.ts';

/** Long before the wait's own end. */
const AT_ONCE_MS = 5_000;

test('a wait whose caller has gone before the daemon answered begins nothing', async () => {
  await using daemon = await startDaemon();
  const connector = netConnector(daemon.home.paths.socketPath);
  await using client = await Client.connect({ connector, name: 'test' });
  const { id: session } = await daemon.openCommand(['/bin/cat']);
  await stopProcess(daemon.pid);
  const leaving = new AbortController();
  const input = { session, text: 'never', timeoutMs: 60_000 };
  const waiting = within('its end', waitFor(client, input, leaving.signal), AT_ONCE_MS);
  const reason = new Error('gone');
  leaving.abort(reason);
  process.kill(daemon.pid, 'SIGCONT');
  await expect(waiting).rejects.toBe(reason);
  expect((await client.request('get', { session })).session.clients).toBe(0);
});
