import { useCallback, useState } from 'react';
import { household } from '../api/household.ts';
import { useStore } from '../store.ts';
import { layoutStore } from './layout-store.ts';

export interface SessionList {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
}

/** On a phone the list of sessions is over everything else: at first if there is something in it, and nothing else to see. */
export function useSessionList(): SessionList {
  const [isAsked, setIsAsked] = useState<boolean>();
  const { tabs } = useStore(layoutStore);
  const { sessions } = useStore(household);
  const hasOnlyList = tabs.length === 0 && sessions !== undefined && sessions.length > 0;
  return {
    isOpen: isAsked ?? hasOnlyList,
    open: useCallback(() => setIsAsked(true), []),
    close: useCallback(() => setIsAsked(false), []),
  };
}
