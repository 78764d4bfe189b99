import { Search } from 'lucide-react';
import { keyOf } from '../keys.ts';
import type { KnownSession } from '../sessions/known-session.ts';
import { placeOf } from '../sessions/session-key.ts';
import { IconButton } from '../ui/button.tsx';
import { IncompleteMark } from './incomplete-mark.tsx';
import { Indicator } from './indicator.tsx';
import type { LinkView } from './link.ts';
import { type PaneActions, PaneButtons } from './pane-buttons.tsx';
import { PaneTitle } from './pane-title.tsx';
import { SizeOfAnother, type Sizes } from './size-of-another.tsx';

export interface PaneHeadProps {
  readonly known: KnownSession | undefined;
  /** As the program has set it. */
  readonly title: string;
  readonly view: LinkView | undefined;
  readonly isFocused: boolean;
  /** Whether there are other panes beside it, so that the focus has to be seen. */
  readonly isOneOfMany: boolean;
  readonly onReconnect: () => void;
  readonly onForgetIncomplete: () => void;
  readonly onFind: () => void;
  readonly actions: PaneActions | undefined;
  /** Given if the session has another size than the pane. */
  readonly sizes: Sizes | undefined;
}

/** What a pane shows, how it is connected, and what can be done with it. */
export function PaneHead(props: PaneHeadProps) {
  const { known, title, view, isFocused, isOneOfMany, actions, sizes } = props;
  const machine = known && placeOf(known.id).machine;
  const hasSizeOfAnother = known?.state === 'running' && view?.state === 'live' && !view.leading;
  return (
    <header
      className={`flex h-9 shrink-0 items-center gap-1 border-b border-line pr-1 pl-3 ${isFocused ? 'bg-panel' : 'bg-canvas'} ${isFocused && isOneOfMany ? 'shadow-[inset_0_2px_0_var(--accent)]' : ''}`}
    >
      <PaneTitle known={known} machine={machine} title={title} isFocused={isFocused} />
      {view?.readOnly && (
        <span className="rounded-full bg-chosen px-2 py-0.5 text-xs font-medium text-accent-text">
          View only
        </span>
      )}
      {view && view.incomplete.length > 0 && (
        <IncompleteMark reasons={view.incomplete} onDismiss={props.onForgetIncomplete} />
      )}
      {sizes && hasSizeOfAnother && <SizeOfAnother session={known} sizes={sizes} mayTake={!view.readOnly} />}
      {view && <Indicator view={view} machine={machine} onReconnect={props.onReconnect} />}
      <IconButton label={`Find (${keyOf('find')})`} onClick={props.onFind}>
        <Search size={14} aria-hidden />
      </IconButton>
      {actions && <PaneButtons {...actions} />}
    </header>
  );
}
