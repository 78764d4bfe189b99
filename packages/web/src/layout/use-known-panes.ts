import { useEffect } from 'react';
import { household } from '../api/household.ts';
import { isElsewhere } from '../sessions/session-key.ts';
import { useStore } from '../store.ts';
import { changeLayout } from './layout-store.ts';
import { filterPanes } from './layout.ts';

/** Closes panes of sessions that others have forgotten; of another machine the link to it tells. */
export function useKnownPanes(): void {
  const { sessions } = useStore(household);
  useEffect(() => {
    if (!sessions) return;
    const known = new Set(sessions.map(({ id }) => id));
    changeLayout((layout) =>
      filterPanes(layout, ({ session }) => isElsewhere(session) || known.has(session)),
    );
  }, [sessions]);
}
