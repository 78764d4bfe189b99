import { setTimeout as pause } from 'node:timers/promises';
import { HoldfastError, type Session } from '@holdfast/protocol';
import type { Namespace } from '../daemons/namespace.ts';
import { failureOf, type FailureDocument } from './failure.ts';
import { Mailbox } from './mailbox.ts';

export type SessionChange =
  /** At the beginning, and again whenever changes may have been missed. */
  | { readonly type: 'all'; readonly sessions: Session[] }
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'forgotten'; readonly id: string }
  /** The daemon can't be reached; `all` follows when it can be again. */
  | { readonly type: 'unreachable'; readonly error: FailureDocument };

/** How often a daemon that can't be reached is tried. */
const RETRY_MS = 1_000;

/** All sessions, and what changes, for as long as somebody listens. A listener that is slow gets the newest state of each. */
export async function* sessionChanges(
  namespace: Pick<Namespace, 'client'>,
  signal: AbortSignal,
): AsyncGenerator<SessionChange, void, undefined> {
  let told: string | undefined;
  while (!signal.aborted) {
    const mailbox = new Mailbox<SessionChange | HoldfastError>(signal);
    try {
      const client = await namespace.client();
      const watch = await client.watch({
        onSessions: (sessions) => {
          mailbox.clear();
          mailbox.put('all', { type: 'all', sessions });
        },
        onSession: (session) => mailbox.put(session.id, { type: 'session', session }),
        onForgotten: (id) => mailbox.put(id, { type: 'forgotten', id }),
        onLost: (error) => mailbox.put('lost', error),
      });
      told = undefined;
      try {
        for await (const change of mailbox) {
          if (change instanceof HoldfastError) throw change;
          yield change;
        }
      } finally {
        watch.close();
      }
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'E_INTERNAL') throw error;
      if (told !== failure.code) yield { type: 'unreachable', error: failure };
      told = failure.code;
      // AbortError: nobody listens any more.
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
