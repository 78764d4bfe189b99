import type { Client } from '@holdfast/client';
import {
  LATE,
  literally,
  OutputSearch,
  waitForExit,
  waitForMatch,
  waitForSilence,
  withinTime,
} from '@holdfast/client/waiting';
import type { Session } from '@holdfast/protocol';
import type { WaitInput } from './schemas.ts';

type Met = 'exited' | 'text' | 'idle';

/** Waits for what was asked for; without a text and a silence, for the exit. Rejects with the reason of `signal` when the caller has gone. */
export async function waitFor(
  client: Client,
  input: WaitInput,
  signal: AbortSignal | undefined,
): Promise<{ met: Met | 'timeout'; session: Session }> {
  const { session: found } = await client.request('get', { session: input.session }, { signal });
  const met = await withinTime({ signal, timeoutMs: input.timeoutMs }, (ending) =>
    firstMet(client, found.id, input, ending),
  );
  return {
    met: met === LATE ? 'timeout' : met,
    session: (await client.request('get', { session: found.id }, { signal })).session,
  };
}

async function firstMet(
  client: Client,
  session: string,
  { text, idleMs }: Pick<WaitInput, 'text' | 'idleMs'>,
  signal: AbortSignal,
): Promise<Met> {
  if (text !== undefined) {
    const found = await waitForMatch(client, session, new OutputSearch(literally(text)), { signal });
    if (!found) return 'exited';
    if (idleMs === undefined) return 'text';
  }
  if (idleMs !== undefined)
    return (await waitForSilence(client, session, idleMs, { signal })) ? 'idle' : 'exited';
  await waitForExit(client, session, { signal });
  return 'exited';
}
