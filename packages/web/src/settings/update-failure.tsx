import { useState } from 'react';
import { canRestart, household } from '../api/household.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { failureText } from './failure-text.ts';
import { restartAndTell } from './force-restart.tsx';
import { closeFailure, updateDaemon, updating } from './updates.ts';

/** An update that didn't happen: nothing was closed, and nothing will be unless the user says so. */
export function UpdateFailure() {
  const state = useStore(updating);
  const known = useStore(household);
  const { sessions, update } = known;
  const [isForcing, setIsForcing] = useState(false);
  const running = sessions?.filter(({ state }) => state === 'running').length ?? 0;
  const failure = state.kind === 'failed' ? state.failure : undefined;
  const { title, what, outcome, isKnown } = failureText(failure?.code ?? '', update);
  // While nobody knows what runs, and where it can't work, nothing is offered that closes sessions.
  const offersForce = isKnown && canRestart(known);
  const force = async () => {
    setIsForcing(true);
    if (await restartAndTell()) await closeFailure();
    setIsForcing(false);
  };
  return (
    <Confirm
      open={failure !== undefined}
      onCancel={() => void closeFailure()}
      title={title}
      actions={
        <>
          {offersForce && (
            <Button look="danger" disabled={isForcing} onClick={() => void force()}>
              {isForcing ? 'Closing sessions…' : 'Force update'}
            </Button>
          )}
          <Button look="primary" disabled={isForcing} onClick={() => void updateDaemon()}>
            Try again
          </Button>
        </>
      }
    >
      <p className="text-text">{what}</p>
      <p>
        {outcome}
        {offersForce &&
          ` Force update closes every terminal session (${running} running) and starts a fresh daemon.`}
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
