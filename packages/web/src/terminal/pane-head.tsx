import { Columns2, Maximize2, Rows2, Search, Share2, X } from 'lucide-react';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { keyOf } from '../keys.ts';
import { commandOf, folderOf } from '../sessions/describe.ts';
import type { KnownSession } from '../sessions/known-session.ts';
import { placeOf } from '../sessions/session-key.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { IncompleteMark } from './incomplete-mark.tsx';
import { Indicator } from './indicator.tsx';
import type { LinkView, Size } from './link.ts';

export interface PaneActions {
  readonly onClose: () => void;
  /** Absent: nothing may be started there. */
  readonly onSplit?: (direction: 'row' | 'column') => void;
  readonly onRunAgain?: () => void;
  readonly onRestore?: () => void;
  /** Absent: it can't be. */
  readonly onShare?: () => void;
}

/** Of a session, and of the pane that shows it. */
export interface Sizes {
  readonly shown: Size;
  readonly own: Size;
}

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
  readonly actions?: PaneActions;
  /** Given if the session has another size than the pane. */
  readonly sizes?: Sizes;
}

export function PaneHead({
  known,
  title,
  view,
  isFocused,
  isOneOfMany,
  onReconnect,
  onForgetIncomplete,
  onFind,
  actions,
  sizes,
}: PaneHeadProps) {
  const isRunning = known?.state === 'running';
  const machine = known && placeOf(known.id).machine;
  return (
    <header
      className={`flex h-9 shrink-0 items-center gap-1 border-b border-line pr-1 pl-3 ${isFocused ? 'bg-panel' : 'bg-canvas'} ${isFocused && isOneOfMany ? 'shadow-[inset_0_2px_0_var(--accent)]' : ''}`}
    >
      <span className="flex min-w-0 flex-1 items-baseline gap-2">
        <span className={`truncate text-[13px] font-medium ${isFocused ? '' : 'text-muted'}`}>
          {known?.name ?? '…'}
        </span>
        <span className="min-w-0 flex-1 truncate text-xs text-muted">
          {machine !== undefined && <span className="font-medium">{machine} · </span>}
          {title || (known ? `${commandOf(known)} · ${folderOf(known)}` : '')}
        </span>
      </span>
      {view?.readOnly && (
        <span className="rounded-full bg-chosen px-2 py-0.5 text-xs font-medium text-accent-text">
          View only
        </span>
      )}
      {view && view.incomplete.length > 0 && (
        <IncompleteMark reasons={view.incomplete} onDismiss={onForgetIncomplete} />
      )}
      {sizes && isRunning && view?.state === 'live' && !view.leading && (
        <>
          <span
            title="It has the size of another window"
            className="shrink-0 text-xs text-muted tabular-nums"
            data-size-of-another
          >
            {sizes.shown.cols}×{sizes.shown.rows}
          </span>
          {!view.readOnly && (
            <Button look="ghost" className="min-h-7 px-2" onClick={() => void takeSize(known, sizes.own)}>
              <Maximize2 size={13} aria-hidden /> Take size
            </Button>
          )}
        </>
      )}
      {view && <Indicator view={view} machine={machine} onReconnect={onReconnect} />}
      <IconButton label={`Find (${keyOf('find')})`} onClick={onFind}>
        <Search size={14} aria-hidden />
      </IconButton>
      {actions && (
        <>
          {actions.onShare && (
            <IconButton
              label="Share this terminal, to be seen"
              className="max-md:hidden"
              onClick={actions.onShare}
            >
              <Share2 size={14} aria-hidden />
            </IconButton>
          )}
          {actions.onSplit && <SplitButtons onSplit={actions.onSplit} />}
          <IconButton
            label={`Close the pane; the session runs on (${keyOf('closePane')})`}
            onClick={actions.onClose}
          >
            <X size={15} aria-hidden />
          </IconButton>
        </>
      )}
    </header>
  );
}

function SplitButtons({ onSplit }: { readonly onSplit: NonNullable<PaneActions['onSplit']> }) {
  return (
    <>
      <IconButton
        label={`Split right (${keyOf('splitRight')})`}
        className="max-md:hidden"
        onClick={() => onSplit('row')}
      >
        <Columns2 size={14} aria-hidden />
      </IconButton>
      <IconButton label={`Split down (${keyOf('splitDown')})`} onClick={() => onSplit('column')}>
        <Rows2 size={14} aria-hidden />
      </IconButton>
    </>
  );
}

async function takeSize({ id }: KnownSession, { cols, rows }: Size): Promise<void> {
  try {
    await api.terminal.resize.mutate({ ...placeOf(id), cols, rows });
  } catch (error) {
    toast.error(`Can’t take the size: ${reasonOf(error)}`);
  }
}
