import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { household } from './api/household.ts';
import { splitPane } from './layout/commands.ts';
import { EmptyState } from './layout/empty-state.tsx';
import { changeLayout, layoutStore } from './layout/layout-store.ts';
import { activateNext, closePane, filterPanes, focusedPane, focusNext } from './layout/layout.ts';
import { TabBar } from './layout/tab-bar.tsx';
import { TabView } from './layout/tab-view.tsx';
import { type Command, commandOf } from './keys.ts';
import { zoom } from './preferences.ts';
import { goTo, useRoute } from './route.ts';
import { useSession } from './sessions/known-session.ts';
import { NewSessionDialog } from './sessions/new-session.tsx';
import { isElsewhere } from './sessions/session-key.ts';
import { Sidebar } from './sessions/sidebar.tsx';
import { DaemonNotices } from './settings/daemon-notices.tsx';
import { UpdateFailure } from './settings/update-failure.tsx';
import { sharing } from './sharing/sharing.ts';
import { useStore } from './store.ts';
import { Shortcuts } from './ui/shortcuts.tsx';

const SettingsPage = lazy(() => import('./settings/settings-page.tsx'));
const ShareDialog = lazy(() => import('./sharing/share-dialog.tsx'));

/** The page of whoever may do everything: sessions at the left, terminals or settings beside them. */
export function Workspace() {
  const route = useRoute();
  /** What is beneath the list of shortcuts, too. */
  const [page, setPage] = useState(route);
  if (route !== 'shortcuts' && route !== page) setPage(route);
  const isSettings = page === 'settings';
  const layout = useStore(layoutStore);
  const { sessions } = useStore(household);
  const isSharing = useStore(sharing) !== undefined;
  const [isNaming, setIsNaming] = useState(false);
  /** On a phone the list of sessions is over everything else: at first if there is something in it, and nothing else to see. */
  const [isListAsked, setIsListOpen] = useState<boolean>();
  const isListOpen =
    isListAsked ?? (layout.tabs.length === 0 && sessions !== undefined && sessions.length > 0);
  const openNew = useCallback(() => setIsNaming(true), []);

  const title = useSession(focusedPane(layout)?.session)?.name;
  useEffect(() => {
    document.title = title === undefined ? 'Holdfast' : `${title} · Holdfast`;
  }, [title]);
  useEffect(() => {
    // Sessions that others have forgotten; of another machine the link to it tells.
    if (!sessions) return;
    const known = new Set(sessions.map(({ id }) => id));
    changeLayout((current) =>
      filterPanes(current, ({ session }) => isElsewhere(session) || known.has(session)),
    );
  }, [sessions]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const command = commandOf(event);
      if (command === undefined || command === 'find') return;
      event.preventDefault();
      carryOut(command, { openNew, openList: () => setIsListOpen(true) });
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [openNew]);

  return (
    <div className="flex h-dvh flex-col">
      <DaemonNotices />
      <div className="flex min-h-0 flex-1">
        <div
          className={`w-72 shrink-0 border-r border-line max-md:fixed max-md:inset-0 max-md:z-20 max-md:w-full max-md:border-0 ${isListOpen ? '' : 'max-md:hidden'}`}
        >
          <Sidebar onNew={openNew} onShown={() => setIsListOpen(false)} />
        </div>
        <div className="flex min-w-0 flex-1 flex-col">
          <div className={isSettings ? 'hidden' : 'contents'}>
            <TabBar onMenu={() => setIsListOpen(true)} onNew={openNew} />
            <main className="relative min-h-0 flex-1 bg-panel">
              {layout.tabs.map((tab) => (
                <TabView key={tab.id} tab={tab} isActive={tab.id === layout.active && !isSettings} />
              ))}
              {layout.tabs.length === 0 && <EmptyState onNew={openNew} onList={() => setIsListOpen(true)} />}
            </main>
          </div>
          {isSettings && (
            <Suspense fallback={<p className="p-8 text-muted">Loading the settings…</p>}>
              <SettingsPage />
            </Suspense>
          )}
        </div>
      </div>
      <NewSessionDialog
        open={isNaming}
        onClose={() => {
          setIsNaming(false);
          if (layoutStore.get().tabs.length > 0) setIsListOpen(false);
        }}
      />
      <Shortcuts open={route === 'shortcuts'} onClose={() => goTo(isSettings ? 'settings' : 'terminals')} />
      <UpdateFailure />
      {isSharing && (
        <Suspense fallback={null}>
          <ShareDialog />
        </Suspense>
      )}
    </div>
  );
}

interface Doors {
  readonly openNew: () => void;
  readonly openList: () => void;
}

function carryOut(command: Exclude<Command, 'find'>, { openNew, openList }: Doors): void {
  const pane = focusedPane(layoutStore.get());
  switch (command) {
    case 'newSession':
      return openNew();
    case 'splitRight':
      return pane && void splitPane(pane, 'row');
    case 'splitDown':
      return pane && void splitPane(pane, 'column');
    case 'closePane':
      return pane && changeLayout((layout) => closePane(layout, pane.id));
    case 'nextPane':
      return changeLayout((layout) => focusNext(layout, 1));
    case 'nextTab':
      return changeLayout((layout) => activateNext(layout, 1));
    case 'previousTab':
      return changeLayout((layout) => activateNext(layout, -1));
    case 'sessions':
      openList();
      return document.getElementById('session-search')?.focus();
    case 'settings':
      return goTo('settings');
    case 'shortcuts':
      return goTo('shortcuts');
    case 'larger':
      return zoom(1);
    case 'smaller':
      return zoom(-1);
    case 'usualSize':
      return zoom(0);
  }
}
