// Viewers that attach at once, in a process of their own, as people's are:
//   node scripts/run-ts.mjs bench/crowd-viewers.ts SOCKET SESSION COUNT attach|look
// says "ready" when all are connected, attaches them when it is told anything, or has them look at the screen only, says "shown" when
// each has it, and ends.
import { once } from 'node:events';
import { Client, netConnector } from '@holdfast/client';

const [socketPath = '', session = '', count = '', what = ''] = process.argv.slice(2);
const clients = await Promise.all(
  Array.from({ length: Number(count) }, () =>
    Client.connect({ connector: netConnector(socketPath), name: 'bench' }),
  ),
);
console.log('ready');
await once(process.stdin, 'data');
await Promise.all(clients.map((client) => (what === 'look' ? client.snapshot(session) : attach(client))));
console.log('shown');
process.exit();

/** Resolves when it has its screen; what comes then is taken and shown nowhere. */
function attach(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.view(session, { onScreen: () => resolve(), onData: () => undefined }).catch(reject);
  });
}
