import { Store } from '../store.ts';
import type { Outbox } from './outbox.ts';

/** By session, which may have been shown in several panes: in the order in which they went. */
type HeldInput = ReadonlyMap<string, readonly Outbox[]>;

/**
 * What was typed into terminals that are not shown just now, since the login has ended, and is not at their programs yet.
 * Nowhere but in memory: it may be a password.
 */
export const heldInput = new Store<HeldInput>(new Map());

/** How much it is. */
export function heldBytesOf(held: HeldInput): number {
  return [...held.values()].flat().reduce((sum, { heldBytes }) => sum + heldBytes, 0);
}

/** It goes on with the next link to this session. */
export function keepInput(session: string, outbox: Outbox): void {
  heldInput.update((held) => new Map(held).set(session, [...(held.get(session) ?? []), outbox]));
}

/** What one pane of a session left, the earliest first: whoever takes it types it. */
export function takeInput(session: string): Outbox | undefined {
  const [first, ...rest] = heldInput.get().get(session) ?? [];
  if (first) {
    heldInput.update((held) => {
      const others = [...held].filter(([id]) => id !== session);
      return new Map(rest.length > 0 ? [...others, [session, rest]] : others);
    });
  }
  return first;
}
