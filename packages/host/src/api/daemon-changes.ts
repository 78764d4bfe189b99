import type { DaemonView } from '@holdfast/supervisor';
import type * as z from 'zod';
import type { Namespace } from '../daemons/namespace.ts';
import { Mailbox } from './mailbox.ts';
import type { health } from './schemas.ts';

/** How the daemon is, in the words of the API. */
export interface DaemonChange {
  readonly health: z.infer<typeof health>;
  readonly update: DaemonView['update'];
}

export function toldOf(view: DaemonView): DaemonChange {
  return { health: healthOf(view), update: view.update };
}

export function healthOf({ state, unreachableSince }: DaemonView): z.infer<typeof health> {
  if (state === 'serving') return { reachable: true, unreachableForMs: null };
  const sinceMs = unreachableSince === null ? Date.now() : Date.parse(unreachableSince);
  return { reachable: false, unreachableForMs: Math.max(0, Date.now() - sinceMs) };
}

/** How the daemon is, now and whenever that changes. */
export async function* daemonChanges(
  namespace: Namespace,
  signal: AbortSignal,
): AsyncGenerator<DaemonChange, void, undefined> {
  const mailbox = new Mailbox<DaemonChange>(signal);
  const stop = namespace.onView((view) => mailbox.put('view', toldOf(view)));
  mailbox.put('view', toldOf(namespace.view));
  try {
    yield* mailbox;
  } finally {
    stop();
  }
}
