import { Store } from '../store.ts';
import type { Outbox } from './outbox.ts';

/**
 * What was typed into terminals that are not shown just now, since the login has ended, and is not at their programs yet; by
 * session. Nowhere but in memory: it may be a password.
 */
export const heldInput = new Store<ReadonlyMap<string, Outbox>>(new Map());

/** How much it is. */
export function heldBytesOf(held: ReadonlyMap<string, Outbox>): number {
  return [...held.values()].reduce((sum, { heldBytes }) => sum + heldBytes, 0);
}

/** It goes on with the next link to this session. */
export function keepInput(session: string, outbox: Outbox): void {
  heldInput.update((held) => new Map(held).set(session, outbox));
}

/** What was kept for a session: whoever takes it types it. */
export function takeInput(session: string): Outbox | undefined {
  const kept = heldInput.get().get(session);
  if (kept) heldInput.update((held) => new Map([...held].filter(([id]) => id !== session)));
  return kept;
}
