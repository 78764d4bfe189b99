import type { Exit } from '@holdfast/protocol';
import type { Client } from '../client.ts';
import { LOOKING_ON, untilTold } from './until-told.ts';

/** Waits until a session has exited, and tells how. `signal` ends the wait: it rejects with its reason. */
export function waitForExit(
  client: Client,
  session: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Exit> {
  return untilTold<Exit>(client, session, signal, (tell) => ({
    options: {
      ...LOOKING_ON,
      // Its output is nobody's business.
      windowBytes: 0,
      onData: () => undefined,
      onExited: ({ exit }) => tell(exit),
    },
  }));
}
