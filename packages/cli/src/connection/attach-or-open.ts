import type { Client } from '@holdfast/client';
import { posixConnector } from '@holdfast/client/posix';
import { HoldfastError, type Session } from '@holdfast/protocol';
import type { Context } from '../context.ts';
import { attachTo, requireTerminal } from '../terminal/attach.ts';
import type { PrefixKey } from '../terminal/detach-keys.ts';
import { connectForSession, connectIfRunning } from './connect.ts';
import { onReactor } from './on-reactor.ts';
import { openAndAttach } from './open.ts';
import { requestToOpen } from './request-to-open.ts';
import { newestSession } from './sessions.ts';

/** Attaches to the session that is named, else to the newest, else to a new one. Returns the exit code. */
export async function attachOrOpen(
  context: Context,
  how: { ref: string | undefined; readOnly: boolean; prefix: PrefixKey | undefined },
): Promise<number> {
  requireTerminal('holdfast tail and holdfast send work without one');
  const code = await onReactor(async (reactor) => {
    const options = { connector: posixConnector(context.socketPath, reactor), reconnect: true };
    const client =
      how.ref === undefined
        ? await connectIfRunning(context, options)
        : await connectForSession(context, how.ref, options);
    if (!client) return undefined;
    try {
      const session = await findSession(client, how.ref, context.env);
      const { readOnly, prefix } = how;
      return (
        session && (await attachTo(session, { client, reactor, context, prefix, readOnly, begin: 'screen' }))
      );
    } finally {
      client.close();
    }
  });
  if (code !== undefined) return code;
  if (how.readOnly) throw new HoldfastError('E_NO_SESSION', 'no session runs: holdfast new opens one');
  context.note('[no session runs: this is a new one]');
  const nothingChosen = {
    name: undefined,
    cwd: undefined,
    env: [],
    size: undefined,
    history: undefined,
    'history-in': undefined,
  };
  return openAndAttach(context, await requestToOpen(context, nothingChosen, []), how.prefix);
}

async function findSession(
  client: Client,
  ref: string | undefined,
  { HOLDFAST_SESSION: inside }: NodeJS.ProcessEnv,
): Promise<Session | undefined> {
  if (ref !== undefined) return (await client.request('get', { session: ref })).session;
  const { sessions } = await client.request('list', {});
  // The newest is often the session in which this is typed, which can't be attached to itself.
  const others = sessions.filter(({ id }) => id !== inside);
  const isInside = others.length < sessions.length;
  if (isInside && !others.some(({ state }) => state === 'running')) {
    throw new HoldfastError('E_SELF', 'the only session that runs is the one in which you are');
  }
  return newestSession(others);
}
