import { useEffect } from 'react';
import { focusAsked } from '../layout/layout-store.ts';
import { useStore } from '../store.ts';
import type { LiveTerminal } from './live-terminal.ts';

/** What is typed goes there while it is wanted, and whenever somebody asks for it again. */
export function useFocus(live: LiveTerminal | undefined, isWanted: boolean): void {
  const timesAsked = useStore(focusAsked);
  useEffect(() => {
    if (isWanted) live?.view.terminal.focus();
  }, [live, isWanted, timesAsked]);
}
