import { Menu, Plus, X } from 'lucide-react';
import { household } from '../api/household.ts';
import { fleet } from '../machines/fleet.ts';
import { keyOf } from '../keys.ts';
import { sessionOf } from '../sessions/known-session.ts';
import { useStore } from '../store.ts';
import { IconButton } from '../ui/button.tsx';
import { changeLayout, layoutStore } from './layout-store.ts';
import { activate, closeTab, panesOf, type Tab } from './layout.ts';

export interface TabBarProps {
  readonly onMenu: () => void;
  readonly onNew: () => void;
}

export function TabBar({ onMenu, onNew }: TabBarProps) {
  const { tabs, active } = useStore(layoutStore);
  useStore(household);
  useStore(fleet);
  const nameOf = (tab: Tab) => {
    const panes = panesOf(tab.root);
    const focused = panes.find(({ id }) => id === tab.focused) ?? panes[0];
    const name = (focused && sessionOf(focused.session)?.name) ?? '…';
    return panes.length > 1 ? `${name} +${panes.length - 1}` : name;
  };
  return (
    <div className="flex h-10 shrink-0 items-center gap-1 border-b border-line bg-canvas px-1.5">
      <IconButton label="Sessions" className="md:hidden" onClick={onMenu}>
        <Menu size={17} aria-hidden />
      </IconButton>
      <ul className="flex min-w-0 flex-1 items-center gap-1 overflow-x-auto" aria-label="Tabs">
        {tabs.map((tab) => (
          <li
            key={tab.id}
            // The active one is seen, however many there are.
            ref={(item) => {
              if (tab.id === active) item?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
            }}
            className={`group flex h-8 max-w-56 shrink-0 items-center rounded-md pr-1 ${tab.id === active ? 'bg-panel shadow-sm ring-1 ring-line' : 'text-muted hover:bg-hover'}`}
          >
            <button
              type="button"
              aria-current={tab.id === active ? 'true' : undefined}
              className="min-w-0 truncate rounded-md py-1.5 pr-1 pl-3 text-[13px]"
              onClick={() => changeLayout((layout) => activate(layout, tab.id))}
              onAuxClick={(event) => event.button === 1 && changeLayout((layout) => closeTab(layout, tab.id))}
            >
              {nameOf(tab)}
            </button>
            <IconButton
              label={`Close tab ${nameOf(tab)}; its sessions run on`}
              className="size-5 pointer-coarse:size-8"
              onClick={() => changeLayout((layout) => closeTab(layout, tab.id))}
            >
              <X size={13} aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
      <IconButton label={`New session (${keyOf('newSession')})`} onClick={onNew}>
        <Plus size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
