import { Maximize2 } from 'lucide-react';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import type { KnownSession } from '../sessions/known-session.ts';
import { placeOf } from '../sessions/session-key.ts';
import { Button } from '../ui/button.tsx';
import type { Size } from './link.ts';

/** Of a session, and of the pane that shows it. */
export interface Sizes {
  readonly shown: Size;
  readonly own: Size;
}

export interface SizeOfAnotherProps {
  readonly session: KnownSession;
  readonly sizes: Sizes;
  readonly mayTake: boolean;
}

/** That a session has the size of another window, and a way to change that. */
export function SizeOfAnother({ session, sizes: { shown, own }, mayTake }: SizeOfAnotherProps) {
  return (
    <>
      <span
        title="It has the size of another window"
        className="shrink-0 text-xs text-muted tabular-nums"
        data-size-of-another
      >
        {shown.cols}×{shown.rows}
      </span>
      {mayTake && (
        <Button look="ghost" className="min-h-7 px-2" onClick={() => void takeSize(session, own)}>
          <Maximize2 size={13} aria-hidden /> Take size
        </Button>
      )}
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
