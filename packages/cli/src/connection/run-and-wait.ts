import { netConnector } from '@holdfast/client';
import { waitForExit } from '@holdfast/client/waiting';
import type { OpenParameters } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { EXIT, exitCodeOfSession } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { connectOrStart } from './connect.ts';

/** Opens a session that nobody sees, and waits until it has exited: prints its id, or what has come of it as `wait` does. */
export async function runAndWait(
  context: Context,
  request: OpenParameters,
  { json, timeoutMs }: { json: boolean; timeoutMs: number | undefined },
): Promise<number> {
  const connector = netConnector(context.socketPath);
  const client = await connectOrStart(context, { connector, reconnect: true });
  try {
    const { session } = await client.request('open', request);
    if (!json) context.print(`${session.id}\n`);
    const signal = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
    const exit = await waitForExit(client, session.id, { signal }).catch((error: unknown) => {
      if (signal?.aborted) return undefined;
      throw error;
    });
    const { session: now } = await client.request('get', { session: session.id });
    const isMet = exit !== undefined;
    if (json) context.print(jsonLine({ met: isMet, timedOut: !isMet, lastExit: null, session: now }));
    return isMet ? exitCodeOfSession(exit) : EXIT.timedOut;
  } finally {
    client.close();
  }
}
