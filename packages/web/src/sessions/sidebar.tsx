import { Plus, Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { household } from '../api/household.ts';
import { layoutStore } from '../layout/layout-store.ts';
import { focusedPane } from '../layout/layout.ts';
import { keyOf } from '../keys.ts';
import { fleet } from '../machines/fleet.ts';
import { useRoute } from '../route.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Mark } from '../ui/mark.tsx';
import { useClock } from '../ui/clock.ts';
import { forgetSession } from './actions.ts';
import { commandOf } from './describe.ts';
import type { KnownSession } from './known-session.ts';
import { LostNotice } from './lost-notice.tsx';
import { keepSeen, seen } from './seen.ts';
import { SessionRow } from './session-row.tsx';
import { SidebarFooter } from './sidebar-footer.tsx';

/** Only a host that belongs to a fleet has other machines to show. */
const MachineGroups = lazy(() => import('../machines/machine-groups.tsx'));

export interface SidebarProps {
  readonly onNew: () => void;
  /** Something was chosen: a phone shows that then. */
  readonly onShown: () => void;
}

/** All sessions, to be found, shown and tidied up. */
export function Sidebar({ onNew, onShown }: SidebarProps) {
  const { sessions, activeAt, silentSince, hostIsGone } = useStore(household);
  const seenOffsets = useStore(seen);
  const hasFleet = useStore(fleet) !== undefined;
  const layout = useStore(layoutStore);
  const route = useRoute();
  const [query, setQuery] = useState('');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const now = useClock();
  useEffect(() => {
    if (sessions) keepSeen(new Set(sessions.map(({ id }) => id)));
  }, [sessions]);

  const shown = route === 'terminals' ? focusedPane(layout)?.session : undefined;
  const wanted = query.trim().toLowerCase();
  const isHidden = ({ id }: KnownSession) => hidden.has(id);
  const isWanted = (session: KnownSession) => {
    if (isHidden(session)) return false;
    if (wanted === '') return true;
    const text = `${session.name} ${commandOf(session)} ${session.cwd}`.toLowerCase();
    return text.includes(wanted);
  };
  const found = (sessions ?? []).filter(isWanted);
  const hide = (id: string, isHidden: boolean) =>
    setHidden((known) => new Set(isHidden ? [...known, id] : [...known].filter((other) => other !== id)));

  const rowOf = (
    session: KnownSession,
    known: { offset: number; activeAt: number } | undefined,
    mayOperate: boolean,
  ) => (
    <SessionRow
      key={session.id}
      session={session}
      mayOperate={mayOperate}
      isShown={session.id === shown}
      isUnread={known !== undefined && session.id !== shown && known.offset > (seenOffsets[session.id] ?? 0)}
      activeAt={known?.activeAt}
      now={now}
      onShown={onShown}
      onForget={() => {
        hide(session.id, true);
        forgetSession(session, () => hide(session.id, false));
      }}
    />
  );
  const rows = found.map((session) =>
    rowOf(
      session,
      {
        offset: session.offset,
        activeAt: activeAt.get(session.id) ?? Date.parse(session.exitedAt ?? session.createdAt),
      },
      true,
    ),
  );
  const none = wanted === '' ? 'No sessions yet.' : `No name, command or folder has “${query.trim()}”.`;

  return (
    <nav aria-label="Sessions" className="flex h-full min-h-0 flex-col bg-canvas">
      <div className="flex items-center justify-between gap-2 py-2.5 pr-2 pl-4">
        <Mark />
        <Button look="primary" onClick={onNew} title={`New session (${keyOf('newSession')})`}>
          <Plus size={15} aria-hidden /> New
        </Button>
      </div>
      <div className="px-2 pb-2">
        <label className="flex h-8 items-center gap-2 rounded-md border border-line bg-panel px-2.5 text-muted focus-within:outline-2 focus-within:outline-accent pointer-coarse:h-11">
          <Search size={14} aria-hidden />
          <input
            id="session-search"
            type="search"
            aria-label="Search sessions"
            placeholder="Search"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            className="min-w-0 flex-1 bg-transparent text-[13px] text-text outline-none pointer-coarse:text-base"
          />
        </label>
      </div>
      {silentSince !== undefined && (
        <p role="status" className="mx-2 mb-2 rounded-md bg-warn-soft px-3 py-1.5 text-xs text-warn">
          {hostIsGone ? 'The host can’t be reached.' : 'The daemon doesn’t answer.'} This is what was known
          last.
        </p>
      )}
      <div className="mx-2">
        <LostNotice sessions={sessions ?? []} isHidden={isHidden} />
      </div>
      {hasFleet ? (
        <Suspense fallback={null}>
          <MachineGroups
            own={rows}
            isWanted={isWanted}
            isHidden={isHidden}
            rowOf={(session, mayOperate) => rowOf(session, undefined, mayOperate)}
            isSearching={wanted !== ''}
            none={none}
            now={now}
          />
        </Suspense>
      ) : (
        <ul className="min-h-0 flex-1 space-y-0.5 overflow-y-auto px-2 pb-2">
          {rows}
          {sessions && rows.length === 0 && (
            <li className="px-3 py-6 text-center text-[13px] text-muted">{none}</li>
          )}
        </ul>
      )}
      <SidebarFooter onShown={onShown} />
    </nav>
  );
}
