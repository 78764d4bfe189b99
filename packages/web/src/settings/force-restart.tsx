import { useState } from 'react';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { household, look } from '../api/household.ts';
import { count } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { updateDaemon } from './updates.ts';

export interface ForceRestartProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly cancel?: string;
}

/** Asks before everything ends, and says what ended. */
export function ForceRestart({ open, onClose, cancel = 'Cancel' }: ForceRestartProps) {
  const { sessions, update } = useStore(household);
  const [isBusy, setIsBusy] = useState(false);
  const running = sessions?.filter(({ state }) => state === 'running') ?? [];
  const isPending = update?.pending ?? false;
  const restart = async () => {
    setIsBusy(true);
    await restartAndTell();
    setIsBusy(false);
    onClose();
  };
  return (
    <Confirm
      open={open}
      onCancel={onClose}
      cancel={cancel}
      title={isPending ? 'Force restart and apply update?' : 'Restart terminal daemon?'}
      actions={
        <>
          <Button look="danger" disabled={isBusy} onClick={() => void restart()}>
            {isBusy ? 'Restarting…' : 'Restart and close sessions'}
          </Button>
          {isPending && (
            <Button
              look="primary"
              disabled={isBusy}
              onClick={() => {
                onClose();
                void updateDaemon();
              }}
            >
              Update instead
            </Button>
          )}
        </>
      }
    >
      <p>
        This closes every terminal session ({running.length} running) and starts a fresh daemon. It can’t be
        undone.
      </p>
      {running.length > 0 && <p className="text-text">{named(running.map(({ name }) => name))}</p>}
      {isPending && (
        <p>
          Force restart will load {update?.available} (currently running {update?.running}). The update does
          so without closing a session.
        </p>
      )}
    </Confirm>
  );
}

/** Ends every session, and says so. Resolves with whether it worked. */
export async function restartAndTell(): Promise<boolean> {
  try {
    const { ended } = await api.terminal.daemon.restart.mutate();
    await look();
    const closed = ended === null ? 'All sessions were closed' : `${count(ended, 'session')} closed`;
    toast.success(`Daemon restarted · ${closed}`);
    return true;
  } catch (error) {
    toast.error(`Failed to restart daemon: ${reasonOf(error)}`);
    return false;
  }
}

const NAMED_MAX = 6;

function named(names: readonly string[]): string {
  const shown = names.slice(0, NAMED_MAX).join(', ');
  return names.length > NAMED_MAX ? `${shown} and ${names.length - NAMED_MAX} more` : shown;
}
