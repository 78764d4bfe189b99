import path from 'node:path';
import type { Client } from '@holdfast/client';
import { Holdfast } from './holdfast.ts';
import type { Bench } from './measure.ts';

const FLOOD = ['sh', '-c', 'stty raw; exec yes 0123456789abcdef0123456789abcdef0123456789abcde'];

export interface WatchedFlood {
  /** The longest gap between two pieces since it was last called, in milliseconds. */
  take(): number;
  /** Resolves with the time (performance.now) of the first piece that comes on the client's next connection. */
  afterReconnect(): Promise<number>;
}

export interface FloodedDaemon {
  readonly holdfast: Holdfast;
  readonly client: Client;
  readonly flood: WatchedFlood;
}

/** Starts a daemon with so many sessions, in a home of that name: one writes as fast as its terminal takes it, and the others are idle. */
export async function startFlooded(name: string, sessions: number, bench: Bench): Promise<FloodedDaemon> {
  const { reactor, options, scope } = bench;
  const home = path.join(bench.folder, name);
  const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
  holdfast.startDaemon();
  await holdfast.openIdleSessions(sessions - 1);
  const client = await holdfast.connect();
  scope.defer(() => client.close());
  return { holdfast, client, flood: await watchFlood(client, holdfast) };
}

/** Opens a session that writes as fast as its terminal takes it, and takes all of it. */
async function watchFlood(client: Client, { env }: Holdfast): Promise<WatchedFlood> {
  const parameters = { command: FLOOD, cwd: '/', env: { ...env }, cols: 80, rows: 24 };
  const { session } = await client.request('open', parameters);
  let lastMs = performance.now();
  let longestMs = 0;
  let connections = 0;
  let waiter: { readonly connection: number; readonly resolve: (atMs: number) => void } | undefined;
  client.onStateChange = (state) => {
    if (state === 'connected') connections += 1;
  };
  const subscription = await client.subscribe(session.id, {
    from: 'start',
    mode: 'exact',
    onData: (bytes, offset) => {
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
      if (waiter && connections >= waiter.connection) {
        waiter.resolve(nowMs);
        waiter = undefined;
      }
      queueMicrotask(() => subscription.acknowledge(offset + bytes.length));
    },
  });
  return {
    take() {
      const taken = longestMs;
      longestMs = 0;
      return taken;
    },
    afterReconnect: () =>
      new Promise((resolve) => {
        waiter = { connection: connections + 1, resolve };
      }),
  };
}
