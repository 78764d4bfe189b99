import { Store } from '../store.ts';

const KEY = 'holdfast.seen';

/** Up to which offset each session's output has been on the screen of this browser. */
export const seen = new Store<Readonly<Record<string, number>>>(read());

export function markSeen(session: string, offset: number): void {
  const known = seen.get();
  if ((known[session] ?? -1) >= offset) return;
  const next = { ...known, [session]: offset };
  seen.set(next);
  localStorage.setItem(KEY, JSON.stringify(next));
}

/** Sessions that are gone need not be remembered. */
export function keepSeen(sessions: ReadonlySet<string>): void {
  const known = Object.entries(seen.get());
  const kept = known.filter(([id]) => sessions.has(id));
  if (kept.length === known.length) return;
  seen.set(Object.fromEntries(kept));
  localStorage.setItem(KEY, JSON.stringify(seen.get()));
}

function read(): Record<string, number> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof stored === 'object' && stored !== null ? (stored as Record<string, number>) : {};
  } catch {
    // SyntaxError: not ours.
    return {};
  }
}
