import { useEffect } from 'react';
import { useSession } from '../sessions/known-session.ts';
import { useStore } from '../store.ts';
import { layoutStore } from './layout-store.ts';
import { focusedPane } from './layout.ts';

/** The window is called as what has the focus in it. */
export function useTitle(): void {
  const layout = useStore(layoutStore);
  const title = useSession(focusedPane(layout)?.session)?.name;
  useEffect(() => {
    document.title = title === undefined ? 'Holdfast' : `${title} · Holdfast`;
  }, [title]);
}
