// Viewers that attach at once, in a process of their own, as people's are:
//   node scripts/run-ts.mjs bench/crowd-viewers.ts SOCKET SESSION COUNT attach|follow|look
// says "ready" when all are connected. Told anything, it attaches them, or has them follow the output without a screen, or look at the
// screen only, says "shown" when each has got something, and ends.
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
const begin = what === 'look' ? look : what === 'follow' ? follow : attach;
await Promise.all(clients.map(begin));
console.log('shown');
process.exit();

async function look(client: Client): Promise<void> {
  await client.snapshot(session);
}

/** Resolves when it has output; what comes then is taken and shown nowhere. */
function follow(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.subscribe(session, { from: 'now', mode: 'viewer', onData: () => resolve() }).catch(reject);
  });
}

/** Resolves when it has its screen; what comes then is taken and shown nowhere. */
function attach(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.view(session, { onScreen: () => resolve(), onData: () => undefined }).catch(reject);
  });
}
