import { Keyboard, Settings } from 'lucide-react';
import { household } from '../api/household.ts';
import { keyOf } from '../keys.ts';
import { hrefOf, useRoute } from '../route.ts';
import { useStore } from '../store.ts';

export interface SidebarFooterProps {
  readonly onShown: () => void;
}

/** Below the list of sessions: the ways to what is no session. */
export function SidebarFooter({ onShown }: SidebarFooterProps) {
  const { update } = useStore(household);
  const route = useRoute();
  return (
    <div className="flex items-center gap-1 border-t border-line p-2">
      <a
        href={hrefOf('settings')}
        onClick={onShown}
        aria-current={route === 'settings' ? 'page' : undefined}
        className={`flex flex-1 items-center gap-2 rounded-md px-2.5 py-1.5 text-[13px] hover:bg-hover ${route === 'settings' ? 'bg-chosen' : ''}`}
      >
        <Settings size={15} className="text-muted" aria-hidden /> Settings
        {update?.pending && (
          <span className="ml-auto rounded bg-chosen px-1.5 text-[11px] font-semibold text-accent-text">
            Update
          </span>
        )}
      </a>
      <a
        href={hrefOf('shortcuts')}
        aria-label="Keyboard shortcuts"
        title={`Keyboard shortcuts (${keyOf('shortcuts')})`}
        className="rounded-md p-1.5 text-muted hover:bg-hover hover:text-text pointer-coarse:hidden"
      >
        <Keyboard size={16} aria-hidden />
      </a>
    </div>
  );
}
