import { netConnector } from '@holdfast/client';
import { posixConnector } from '@holdfast/client/posix';
import type { OpenParameters, Session } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { attachTo, requireTerminal } from '../terminal/attach.ts';
import type { PrefixKey } from '../terminal/detach-keys.ts';
import { connectOrStart } from './connect.ts';
import { onReactor } from './on-reactor.ts';

/** Opens a session that nobody sees yet; starts the daemon if none runs. */
export async function openDetached(context: Context, request: OpenParameters): Promise<Session> {
  const client = await connectOrStart(context, { connector: netConnector(context.home.socketPath) });
  try {
    return (await client.request('open', request)).session;
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
    const connector = posixConnector(context.home.socketPath, reactor);
    const client = await connectOrStart(context, { connector, reconnect: true });
    try {
      const { session } = await client.request('open', request);
      return await attachTo(session, { client, reactor, context, prefix, readOnly: false, from: 'start' });
    } finally {
      client.close();
    }
  });
}
