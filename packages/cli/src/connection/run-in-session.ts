import type { Client } from '@holdfast/client';
import { posixConnector } from '@holdfast/client/posix';
import { isTerminal } from '@holdfast/posix';
import { LIMITS, type OpenParameters, type Session } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { exitCodeOfSession } from '../output/exit-codes.ts';
import type { PrefixKey } from '../terminal/detach-keys.ts';
import { type Ending, exitInWords, tellEnding } from '../terminal/ending.ts';
import { viewSession } from '../terminal/session-view.ts';
import { connectOrStart } from './connect.ts';
import { onReactor } from './on-reactor.ts';

/** Opens a session and passes its output, input, signals and exit status through. */
export async function runInSession(
  context: Context,
  request: OpenParameters,
  prefix: PrefixKey | undefined,
): Promise<number> {
  return onReactor(async (reactor) => {
    const connector = posixConnector(context.home.socketPath, reactor);
    const client = await connectOrStart(context, { connector, reconnect: true });
    try {
      // Exact output has to begin with the first byte, however much comes before the subscription is there.
      const lease = isTerminal(1) ? {} : { leaseMs: LIMITS.leaseMsDefault };
      const { session } = await client.request('open', { ...request, ...lease });
      const shown = await viewSession({
        client,
        reactor,
        session,
        prefix,
        env: context.env,
        readOnly: false,
        from: 'start',
        signals: 'forward',
        note: context.note,
      });
      const ending = await knownEnding(shown, session, client);
      if (ending.kind !== 'exited') return tellEnding(ending, session, context);
      if ('lost' in ending.exit) context.note(`[${exitInWords(ending.exit)}]`);
      return exitCodeOfSession(ending.exit);
    } finally {
      client.close();
    }
  });
}

/** Whoever stopped reading may not have seen the end of the program; its status is known all the same. */
async function knownEnding(ending: Ending, { id }: Session, client: Client): Promise<Ending> {
  if (ending.kind !== 'unread') return ending;
  const { exit } = (await client.request('get', { session: id })).session;
  return exit ? { kind: 'exited', exit } : ending;
}
