import { lazy, Suspense, useCallback, useState } from 'react';
import { layoutStore } from './layout/layout-store.ts';
import { Terminals } from './layout/terminals.tsx';
import { useKnownPanes } from './layout/use-known-panes.ts';
import { useSessionList } from './layout/use-session-list.ts';
import { useTitle } from './layout/use-title.ts';
import { goTo, useRoute } from './route.ts';
import { NewSessionDialog } from './sessions/new-session.tsx';
import { Sidebar } from './sessions/sidebar.tsx';
import { DaemonNotices } from './settings/daemon-notices.tsx';
import { UpdateFailure } from './settings/update-failure.tsx';
import { sharing } from './sharing/sharing.ts';
import { useStore } from './store.ts';
import { Shortcuts } from './ui/shortcuts.tsx';
import { useKeyCommands } from './use-key-commands.ts';

const SettingsPage = lazy(() => import('./settings/settings-page.tsx'));
const ShareDialog = lazy(() => import('./sharing/share-dialog.tsx'));

/** The page of whoever may do everything: sessions at the left, terminals or settings beside them. */
export function Workspace() {
  const { isSettings, areShortcutsOpen } = usePlace();
  const list = useSessionList();
  const isSharing = useStore(sharing) !== undefined;
  const [isNaming, setIsNaming] = useState(false);
  const openNew = useCallback(() => setIsNaming(true), []);
  useTitle();
  useKnownPanes();
  useKeyCommands({ openNew, openList: list.open });

  return (
    <div className="flex h-dvh flex-col">
      <DaemonNotices />
      <div className="flex min-h-0 flex-1">
        <div
          className={`w-72 shrink-0 border-r border-line max-md:fixed max-md:inset-0 max-md:z-20 max-md:w-full max-md:border-0 ${list.isOpen ? '' : 'max-md:hidden'}`}
        >
          <Sidebar onNew={openNew} onShown={list.close} />
        </div>
        <div className="flex min-w-0 flex-1 flex-col">
          <Terminals isShown={!isSettings} onNew={openNew} onList={list.open} />
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
          if (layoutStore.get().tabs.length > 0) list.close();
        }}
      />
      <Shortcuts open={areShortcutsOpen} onClose={() => goTo(isSettings ? 'settings' : 'terminals')} />
      <UpdateFailure />
      {isSharing && (
        <Suspense fallback={null}>
          <ShareDialog />
        </Suspense>
      )}
    </div>
  );
}

/** What is shown, also beneath the list of shortcuts. */
function usePlace(): { readonly isSettings: boolean; readonly areShortcutsOpen: boolean } {
  const route = useRoute();
  const [page, setPage] = useState(route);
  if (route !== 'shortcuts' && route !== page) setPage(route);
  return { isSettings: page === 'settings', areShortcutsOpen: route === 'shortcuts' };
}
