import type { Client } from '@holdfast/client';
import { HoldfastError, type RequestParameters, type Session } from '@holdfast/protocol';
import { failureOf } from './failure.ts';
import type { RestoredLost } from './schemas.ts';

/** What a program is started with that its session does not keep. */
export type Surroundings = Omit<RequestParameters<'restore'>, 'session'>;

/** Starts the program of an exited session anew. Throws HoldfastError, also of a daemon from before `restore`. */
export async function restoreSession(
  client: Client,
  session: string,
  surroundings: Surroundings,
): Promise<Session> {
  try {
    return (await client.request('restore', { session, ...surroundings })).session;
  } catch (cause) {
    if (!(cause instanceof HoldfastError) || cause.code !== 'E_UNKNOWN_REQUEST') throw cause;
    const message = 'the daemon is of an earlier version and restores nothing; update it first';
    throw new HoldfastError(cause.code, message, { cause });
  }
}

/** Restores those whose end nobody saw, as that of the machine; one that can't be keeps no other from it. */
export async function restoreLost(client: Client, surroundings: Surroundings): Promise<RestoredLost> {
  const { sessions } = await client.request('list', {});
  const restored: Session[] = [];
  const failed: RestoredLost['failed'][number][] = [];
  for (const { id, name, exit } of sessions) {
    if (exit === null || !('lost' in exit)) continue;
    try {
      restored.push(await restoreSession(client, id, surroundings));
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      failed.push({ id, name, ...failureOf(error) });
    }
  }
  return { restored, failed };
}
