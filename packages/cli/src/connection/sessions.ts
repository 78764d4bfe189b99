import type { Session } from '@holdfast/protocol';

/** Oldest first, as they were opened. */
export function byAge(sessions: readonly Session[]): Session[] {
  return sessions.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}

/** The session that is meant where none is named: the newest that runs, else the newest. */
export function newestSession(sessions: readonly Session[]): Session | undefined {
  const sorted = byAge(sessions);
  return sorted.findLast(({ state }) => state === 'running') ?? sorted.at(-1);
}
