import { useEffect } from 'react';
import { markSeen } from '../sessions/seen.ts';
import type { LiveTerminal } from './live-terminal.ts';

const EVERY_MS = 1_000;

/** What is printed while its terminal is to be seen is nobody's news. */
export function useOutputSeen(
  live: LiveTerminal | undefined,
  { session, isVisible }: { readonly session: string; readonly isVisible: boolean },
): void {
  useEffect(() => {
    if (!live || !isVisible) return undefined;
    const mark = () => markSeen(session, live.link.offset);
    const timer = setInterval(mark, EVERY_MS);
    return () => {
      mark();
      clearInterval(timer);
    };
  }, [live, isVisible, session]);
}
