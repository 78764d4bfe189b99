import type { Client } from '@holdfast/client';
import type { Holdfast } from './holdfast.ts';

const FLOOD = ['sh', '-c', 'stty raw; exec yes 0123456789abcdef0123456789abcdef0123456789abcde'];

export interface WatchedFlood {
  /** The longest gap between two pieces since it was last called, in milliseconds. */
  take(): number;
  /** Resolves with the time (performance.now) of the first piece that comes on the client's next connection. */
  afterReconnect(): Promise<number>;
}

/** Opens a session that writes as fast as its terminal takes it, and takes all of it. */
export async function watchFlood(client: Client, { env }: Holdfast): Promise<WatchedFlood> {
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
