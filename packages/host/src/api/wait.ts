import type { Client } from '@holdfast/client';
import { literally, OutputSearch, waitForExit, waitForMatch, waitForSilence } from '@holdfast/client/waiting';
import type { Session } from '@holdfast/protocol';
import type { WaitInput } from './schemas.ts';

type Met = 'exited' | 'text' | 'idle';

/** The time is over. */
const LATE = Symbol('late');

/** Waits for what was asked for; without a text and a silence, for the exit. Rejects with the reason of `signal` when the caller has gone. */
export async function waitFor(
  client: Client,
  input: WaitInput,
  signal: AbortSignal | undefined,
): Promise<{ met: Met | 'timeout'; session: Session }> {
  const { session: found } = await client.request('get', { session: input.session }, { signal });
  const met = await beforeEnd(input.timeoutMs, signal, (ending) => firstMet(client, found.id, input, ending));
  return { met, session: (await client.request('get', { session: found.id }, { signal })).session };
}

async function beforeEnd(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  wait: (ending: AbortSignal) => Promise<Met>,
): Promise<Met | 'timeout'> {
  signal?.throwIfAborted();
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(LATE), timeoutMs);
  const gone = () => ending.abort(signal?.reason);
  signal?.addEventListener('abort', gone, { once: true });
  try {
    return await wait(ending.signal);
  } catch (error) {
    if (error === LATE) return 'timeout';
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', gone);
  }
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
