import { useState } from 'react';
import { household } from '../api/household.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { restartAndTell } from './force-restart.tsx';
import { closeFailure, updateDaemon, updating } from './updates.ts';

/** What an update's failure means, for people. Anything else is told by its own reason. */
const PLAIN: Readonly<Record<string, string>> = {
  E_UPGRADE_START: 'The new daemon could not be started.',
  E_UPGRADE_TIMEOUT: 'The new daemon was not ready in time.',
  E_UPGRADE_UNEXPECTED: 'Another build came up than the one that was asked for.',
  E_UPGRADE_BUSY: 'Another update is in progress.',
  E_TIMEOUT: 'The daemon did not answer in time.',
  E_NO_DAEMON: 'No daemon could be reached.',
  E_DISCONNECTED:
    'The connection was lost before the answer came. The update may have happened all the same.',
};

/** An update that didn't happen: nothing was closed, and nothing will be unless the user says so. */
export function UpdateFailure() {
  const state = useStore(updating);
  const { sessions, update } = useStore(household);
  const [isForcing, setIsForcing] = useState(false);
  const running = sessions?.filter(({ state }) => state === 'running').length ?? 0;
  const failure = state.kind === 'failed' ? state.failure : undefined;
  const force = async () => {
    setIsForcing(true);
    if (await restartAndTell()) await closeFailure();
    setIsForcing(false);
  };
  return (
    <Confirm
      open={failure !== undefined}
      onCancel={() => void closeFailure()}
      title="Update couldn’t preserve sessions"
      actions={
        <>
          <Button look="danger" disabled={isForcing} onClick={() => void force()}>
            {isForcing ? 'Closing sessions…' : 'Force update'}
          </Button>
          <Button look="primary" disabled={isForcing} onClick={() => void updateDaemon()}>
            Try again
          </Button>
        </>
      }
    >
      <p className="text-text">
        {PLAIN[failure?.code ?? ''] ?? 'The daemon couldn’t hand over your sessions to the new build.'}
      </p>
      <p>
        Nothing has changed: {update?.running ?? 'the old daemon'} goes on, and your sessions with it. Force
        update closes every terminal session ({running} running) and starts a fresh daemon.
      </p>
      <details className="rounded-md border border-line p-2 text-xs">
        <summary>Details</summary>
        <p className="mt-2 font-mono break-words whitespace-pre-wrap select-text">
          {failure?.code}: {failure?.reason}
        </p>
      </details>
    </Confirm>
  );
}
