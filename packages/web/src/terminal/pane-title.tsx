import { commandOf, folderOf } from '../sessions/describe.ts';
import type { KnownSession } from '../sessions/known-session.ts';

export interface PaneTitleProps {
  readonly known: KnownSession | undefined;
  /** Undefined: that of the host. */
  readonly machine: string | undefined;
  /** As the program has set it. */
  readonly title: string;
  readonly isFocused: boolean;
}

/** Which session it is, where, and what runs in it. */
export function PaneTitle({ known, machine, title, isFocused }: PaneTitleProps) {
  return (
    <span className="flex min-w-0 flex-1 items-baseline gap-2">
      <span className={`truncate text-[13px] font-medium ${isFocused ? '' : 'text-muted'}`}>
        {known?.name ?? '…'}
      </span>
      <span className="min-w-0 flex-1 truncate text-xs text-muted">
        {machine !== undefined && <span className="font-medium">{machine} · </span>}
        {title || (known ? `${commandOf(known)} · ${folderOf(known)}` : '')}
      </span>
    </span>
  );
}
