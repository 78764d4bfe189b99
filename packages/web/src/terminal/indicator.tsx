import { Popover } from 'radix-ui';
import { useState } from 'react';
import { useStore } from '../store.ts';
import { canRestart, household, type Household } from '../api/household.ts';
import { Button } from '../ui/button.tsx';
import { Hint } from '../ui/hint.tsx';
import { ForceRestart } from '../settings/force-restart.tsx';
import { HangingDaemon } from '../settings/hanging-daemon.tsx';
import type { LinkView } from './link.ts';
import { linkLabel } from './link-state.ts';

/** What is the matter, and what to do about it. */
function Explained({
  view: { state, wasAttached },
  known,
  machine,
}: {
  readonly view: LinkView;
  readonly known: Household;
  readonly machine: string | undefined;
}) {
  if (isTrying(state) && !wasAttached)
    return 'The connection is being made. What you type is kept until then.';
  if (isTrying(state))
    return 'The connection was lost, and is made again by itself. What you type is kept until then.';
  if (known.hostIsGone)
    return (
      <>
        The host can’t be reached. Your programs run on without it, and what you type is kept.{' '}
        <code className="font-mono">holdfast serve</code> starts it again.
      </>
    );
  if (machine !== undefined)
    return `${machine} can’t be reached. Your programs run on there, and what you type is kept.`;
  if (!canRestart(known))
    return (
      <>
        The daemon doesn’t answer. Your programs are still running, and what you type is kept.{' '}
        <HangingDaemon />
      </>
    );
  return 'Your programs are still running. What you type is kept until they can be reached.';
}

/** Whether it has lasted for a moment only: that is over before a question is read. */
function isTrying(state: LinkView['state']): boolean {
  return state === 'opening' || state === 'waiting';
}

/** A pane's connection: quiet while all is well. */
export function Indicator({
  view,
  machine,
  onReconnect,
}: {
  readonly view: LinkView;
  /** Undefined: that of the host. */
  readonly machine?: string | undefined;
  readonly onReconnect: () => void;
}) {
  const known = useStore(household);
  const [isAsking, setIsAsking] = useState(false);
  const label = linkLabel(view.state, view);
  if (label === null)
    return view.state === 'ended' ? null : (
      <span data-link="live" title="Live" className="mx-1 size-2 shrink-0 rounded-full bg-good/80">
        <span className="sr-only">Live</span>
      </span>
    );
  const isFirst = isTrying(view.state) && !view.wasAttached;
  const isBad = view.state === 'refused';
  const look = isBad ? 'bg-bad-soft text-bad' : 'bg-warn-soft text-warn';
  return (
    <>
      <Hint
        trigger={
          <Popover.Trigger
            data-link={view.state}
            className={`inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${look}`}
          >
            <span
              className={`size-1.5 rounded-full bg-current ${isBad ? '' : 'animate-pulse'}`}
              aria-hidden
            />
            <span role="status">{label}</span>
          </Popover.Trigger>
        }
        text={view.error ?? <Explained view={view} known={known} machine={machine} />}
      >
        <div className="flex flex-wrap gap-2">
          <Button look="primary" onClick={onReconnect}>
            {isFirst ? 'Try again' : 'Reconnect'}
          </Button>
          {!isTrying(view.state) && machine === undefined && canRestart(known) && (
            <Button onClick={() => setIsAsking(true)}>Restart all…</Button>
          )}
        </div>
      </Hint>
      <ForceRestart open={isAsking} onClose={() => setIsAsking(false)} cancel="Keep waiting" />
    </>
  );
}
