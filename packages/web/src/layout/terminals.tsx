import { useStore } from '../store.ts';
import { EmptyState } from './empty-state.tsx';
import { layoutStore } from './layout-store.ts';
import { TabBar } from './tab-bar.tsx';
import { TabView } from './tab-view.tsx';

export interface TerminalsProps {
  /** Whether they are to be seen: they stay as they are beneath something else. */
  readonly isShown: boolean;
  readonly onNew: () => void;
  readonly onList: () => void;
}

/** All that is open, in tabs. */
export function Terminals({ isShown, onNew, onList }: TerminalsProps) {
  const { tabs, active } = useStore(layoutStore);
  return (
    <div className={isShown ? 'contents' : 'hidden'}>
      <TabBar onMenu={onList} onNew={onNew} />
      <main className="relative min-h-0 flex-1 bg-panel">
        {tabs.map((tab) => (
          <TabView key={tab.id} tab={tab} isActive={tab.id === active && isShown} />
        ))}
        {tabs.length === 0 && <EmptyState onNew={onNew} onList={onList} />}
      </main>
    </div>
  );
}
