import type { Client } from '@holdfast/client';
import { posixConnector } from '@holdfast/client/posix';
import { isTerminal } from '@holdfast/posix';
import { type Exit, HoldfastError, LIMITS, type OpenParameters, type Session } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { exitCodeOfSession } from '../output/exit-codes.ts';
import type { PrefixKey } from '../terminal/detach-keys.ts';
import { warningLines } from '../output/warnings.ts';
import { type Ending, exitInWords, tellEnding } from '../terminal/ending.ts';
import { viewSession } from '../terminal/session-view.ts';
import { connectOrStart } from './connect.ts';
import { onReactor } from './on-reactor.ts';

/** A program whose last output could not be passed on ends right behind it; one that goes on is left without a noticeable wait. */
const END_MS = 100;

/** Opens a session and passes its output, input, signals and exit status through. */
export async function runInSession(
  context: Context,
  request: OpenParameters,
  prefix: PrefixKey | undefined,
): Promise<number> {
  return onReactor(async (reactor) => {
    const connector = posixConnector(context.socketPath, reactor);
    const client = await connectOrStart(context, { connector, reconnect: true });
    try {
      // Exact output has to begin with the first byte, however much comes before the subscription is there.
      const lease = isTerminal(1) ? {} : { leaseMs: LIMITS.leaseMsDefault };
      const { session } = await client.request('open', { ...request, ...lease });
      for (const line of warningLines(session)) context.note(line);
      const shown = await viewSession({
        client,
        reactor,
        session,
        prefix,
        env: context.env,
        readOnly: false,
        begin: 'output',
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

/** Whoever sees no more of the output may not have seen the end of the program; how it ended is known all the same. */
async function knownEnding(ending: Ending, { id }: Session, client: Client): Promise<Ending> {
  if (ending.kind !== 'unread' && ending.kind !== 'unwritable') return ending;
  const exit = await exitBefore(END_MS, id, client);
  if (!exit) return ending;
  return ending.kind === 'unread' ? { kind: 'exited', exit } : { ...ending, exit };
}

/** Undefined if it runs for longer. */
async function exitBefore(timeoutMs: number, id: string, client: Client): Promise<Exit | undefined> {
  try {
    return (await client.request('wait', { session: id }, { timeoutMs })).session.exit ?? undefined;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'E_TIMEOUT') return undefined;
    throw error;
  }
}
