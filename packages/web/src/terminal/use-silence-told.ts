import { useEffect } from 'react';
import { useSilence } from '../sessions/known-session.ts';
import { LATE_MS } from './link-state.ts';
import type { LiveTerminal } from './live-terminal.ts';

/** A link is told of what the page knows by other ways: that nobody answers for its session, once that has lasted, or somebody does again. */
export function useSilenceTold(live: LiveTerminal | undefined, session: string): void {
  const silentSince = useSilence(session);
  useEffect(() => {
    if (!live) return undefined;
    if (silentSince === undefined) return live.link.heard(true);
    const timer = setTimeout(() => live.link.heard(false), Math.max(0, silentSince + LATE_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [live, silentSince]);
}
