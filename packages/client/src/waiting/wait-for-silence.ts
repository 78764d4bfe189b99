import type { Client } from '../client.ts';
import { LOOKING_ON, untilTold } from './until-told.ts';

/**
 * Waits until a session has printed nothing for so long; false if it ends before. While the connection is away nobody knows, and it begins
 * anew. `signal` ends the wait: it rejects with its reason.
 */
export function waitForSilence(
  client: Client,
  session: string,
  idleMs: number,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  return untilTold<boolean>(client, session, signal, (tell) => {
    const stop = () => clearTimeout(timer);
    const begin = () => {
      stop();
      timer = setTimeout(() => tell(true), idleMs);
    };
    return {
      options: {
        ...LOOKING_ON,
        onData: begin,
        onResync: begin,
        onDisconnected: stop,
        onResumed: begin,
        onExited: () => tell(false),
      },
      opened: ({ session: found }) => {
        if (found.state === 'running') begin();
      },
    };
  }).finally(() => clearTimeout(timer));
}
