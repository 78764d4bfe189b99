import { posixConnector } from '@holdfast/client/posix';
import type { OpenParameters } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { warningLines } from '../output/warnings.ts';
import { attachTo, requireTerminal } from '../terminal/attach.ts';
import type { PrefixKey } from '../terminal/detach-keys.ts';
import { connectOrStart } from './connect.ts';
import { onReactor } from './on-reactor.ts';

/** Opens a session that nobody sees yet, and prints its id or all of it; starts the daemon if none runs. */
export async function openDetached(
  context: Context,
  request: OpenParameters,
  { json }: { json: boolean },
): Promise<number> {
  const client = await connectOrStart(context);
  try {
    const { session } = await client.request('open', request);
    for (const line of warningLines(session)) context.note(line);
    context.print(json ? jsonLine(session) : `${session.id}\n`);
    return EXIT.done;
  } finally {
    client.close();
  }
}

/** Opens a session and shows it in this terminal; starts the daemon if none runs. Returns the exit code. */
export async function openAndAttach(
  context: Context,
  request: OpenParameters,
  prefix: PrefixKey | undefined,
): Promise<number> {
  requireTerminal('use -d to open a session without attaching');
  return onReactor(async (reactor) => {
    const connector = posixConnector(context.socketPath, reactor);
    const client = await connectOrStart(context, { connector, reconnect: true });
    try {
      const { session } = await client.request('open', request);
      for (const line of warningLines(session)) context.note(line);
      return await attachTo(session, { client, reactor, context, prefix, readOnly: false, begin: 'output' });
    } finally {
      client.close();
    }
  });
}
