import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { canRestart, household } from '../api/household.ts';
import { count } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { ForceRestart } from './force-restart.tsx';
import { HangingDaemon } from './hanging-daemon.tsx';
import { SessionTable } from './session-table.tsx';
import { stepText, updateDaemon, updating } from './updates.ts';

/** The daemon: which one runs, and how to replace it. */
export function DaemonSection() {
  const known = useStore(household);
  const { sessions, update, silentSince, hostIsGone } = known;
  const state = useStore(updating);
  const [isOpen, setIsOpen] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const running = sessions?.filter((session) => session.state === 'running') ?? [];
  const isAvailable = silentSince === undefined && sessions !== undefined;
  const dot = !isAvailable ? 'bg-bad' : running.length > 0 ? 'bg-good' : 'bg-muted';
  const said = !isAvailable
    ? 'Daemon unavailable'
    : running.length === 0
      ? 'No sessions running'
      : `${count(running.length, 'session')} running`;
  return (
    <section aria-labelledby="daemon-heading" className="rounded-xl border border-line bg-panel">
      <div className="flex flex-wrap items-start justify-between gap-4 p-5">
        <div className="min-w-0">
          <h2 id="daemon-heading" className="flex flex-wrap items-baseline gap-x-2 font-semibold">
            Terminal daemon
            <span className="font-mono text-xs font-normal break-all text-muted">{versionText(update)}</span>
          </h2>
          <p className="text-muted">Owns every terminal and survives restarts.</p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button look="primary" isBusy={state.kind === 'running'} onClick={() => void updateDaemon()}>
            {state.kind === 'running' ? 'Updating…' : 'Update daemon'}
          </Button>
          <Button
            isBusy={state.kind === 'running'}
            disabled={!canRestart(known)}
            onClick={() => setIsAsking(true)}
          >
            Force restart
          </Button>
        </div>
      </div>
      {(state.kind === 'running' || update?.underWay) && (
        <p role="status" className="px-5 pb-3 text-[13px] text-muted">
          {state.kind === 'running' ? '' : 'It is being updated: '}
          {stepText(update, running.length)}…
        </p>
      )}
      {!canRestart(known) && !hostIsGone && (
        <p className="px-5 pb-3 text-[13px] text-muted">
          It doesn’t answer. Your programs are still running. <HangingDaemon />
        </p>
      )}
      <div className="flex items-center gap-2 border-t border-line px-5 py-3">
        <button
          type="button"
          aria-expanded={isOpen}
          disabled={!isAvailable || sessions.length === 0}
          onClick={() => setIsOpen(!isOpen)}
          className="-mx-2 flex items-center gap-2 rounded-md px-2 py-1 text-[13px] not-disabled:hover:bg-hover"
        >
          <span className={`size-2 rounded-full ${dot}`} aria-hidden />
          <span role="status">{said}</span>
          {isAvailable && sessions.length > 0 && (
            <ChevronRight size={14} className={`transition ${isOpen ? 'rotate-90' : ''}`} aria-hidden />
          )}
        </button>
        {update?.pending && (
          <span className="rounded bg-chosen px-1.5 py-0.5 text-[11px] font-semibold text-accent-text">
            Update available
          </span>
        )}
      </div>
      {isOpen && sessions && <SessionTable sessions={sessions} />}
      <ForceRestart open={isAsking} onClose={() => setIsAsking(false)} />
    </section>
  );
}

function versionText(update: ReturnType<typeof household.get>['update']): string {
  if (!update) return '';
  const { running, available, pending } = update;
  if (running === null) return available === null ? '' : `bundled ${available}`;
  return pending ? `${running} → ${available} pending` : running;
}
