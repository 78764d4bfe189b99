import { useEffect, useRef } from 'react';
import { failureText } from '../settings/failure-text.ts';
import { pauseText } from '../settings/updates.ts';
import { count, timeOf } from '../sessions/describe.ts';
import { useStore } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { useClock } from '../ui/clock.ts';
import { fleet, isForLooking, type Machine, type UpgradeRun } from './fleet.ts';
import { sinceText, versionText } from './machine-texts.ts';
import { dismissUpgrade, stoppedAt, upgradeMachines } from './upgrade-machines.ts';

type Step = UpgradeRun['machines'][number];

/** The machines of the fleet: which can be reached, which build runs on each, and how to replace it. */
export default function MachinesSection() {
  const known = useStore(fleet);
  const now = useClock();
  const isSeen = useRef(false);
  useEffect(() => {
    isSeen.current = true;
    return () => {
      isSeen.current = false;
    };
  }, []);
  const upgrade = (machine?: string) => void upgradeMachines(machine, () => isSeen.current);
  if (!known) return null;
  const { machines, run, problem } = known;
  const isBusy = run !== undefined && !run.isOver;
  const away = machines.filter(({ reachable }) => !reachable).length;
  const isAllowed = machines.every((machine) => !machine.reachable || !isForLooking(machine));
  const stopped = run?.isOver ? stoppedAt(run) : undefined;
  return (
    <section aria-labelledby="machines-heading" className="rounded-xl border border-line bg-panel">
      <div className="flex flex-wrap items-start justify-between gap-4 p-5">
        <div className="min-w-0 flex-1 basis-72">
          <h2 id="machines-heading" className="font-semibold">
            Machines
          </h2>
          <p className="text-muted">
            An upgrade puts what is installed on a machine in the place of its daemon, and keeps every
            session.
            {isAllowed && ' All are upgraded one after the other, until one fails.'}
            {away > 0 &&
              ` ${count(away, 'machine')} can’t be reached, and ${away === 1 ? 'is' : 'are'} left out.`}
          </p>
        </div>
        <span className="flex items-center gap-2">
          {run?.isOver && (
            <Button
              look="ghost"
              title={`Upgraded ${sinceText(run.at, now)}`}
              onClick={() => void dismissUpgrade()}
            >
              Dismiss results
            </Button>
          )}
          {isAllowed && (
            <Button look="primary" isBusy={isBusy} onClick={() => upgrade()}>
              {isBusy ? 'Upgrading…' : 'Upgrade all'}
            </Button>
          )}
        </span>
      </div>
      {problem !== null && (
        <p className="px-5 pb-3 text-[13px] text-bad">The others can’t be seen: {problem}</p>
      )}
      {stopped !== undefined && (
        <p role="status" className="mx-5 mb-3 rounded-md bg-bad-soft px-3 py-2 text-[13px] text-bad">
          {stopped}
        </p>
      )}
      <ul className="divide-y divide-line border-t border-line">
        {machines.map((machine) => (
          <MachineRow
            key={machine.name}
            machine={machine}
            step={run?.machines.find(({ name }) => name === machine.name)}
            isBusy={isBusy}
            now={now}
            onUpgrade={() => upgrade(machine.name)}
          />
        ))}
      </ul>
    </section>
  );
}

interface MachineRowProps {
  readonly machine: Machine;
  readonly step: Step | undefined;
  readonly isBusy: boolean;
  readonly now: number;
  readonly onUpgrade: () => void;
}

function MachineRow({ machine, step, isBusy, now, onUpgrade }: MachineRowProps) {
  const { name, isOwn, hostname, home, reachable, lastSeenAt, sessions, omitted, daemon } = machine;
  const running = sessions.filter(({ state }) => state === 'running').length + omitted;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-5 py-3" data-machine-row={name}>
      <span className={`size-2 shrink-0 rounded-full ${reachable ? 'bg-good' : 'bg-bad'}`} aria-hidden />
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{name}</span>
          <span className="text-xs text-muted">{isOwn ? 'this machine' : `${hostname} · ${home}`}</span>
        </span>
        <span className="block text-[13px] text-muted">
          {lastSeenAt === null ? (
            `Reachable · ${count(running, 'session')} running`
          ) : (
            <span className="text-bad" title={timeOf(lastSeenAt)}>
              Unreachable · last seen {sinceText(lastSeenAt, now)}
            </span>
          )}
          {isForLooking(machine) && ' · no upgrade allowed'}
          {/* A line that is broken begins with no dot. */}
          {'\u00a0· '}
          <span className="font-mono text-xs break-all">{versionText(machine)}</span>
          {daemon?.pending && ` → ${daemon.available}`}
        </span>
        {step && (
          <span
            role="status"
            className={`block text-[13px] ${step.state === 'failed' ? 'text-bad' : 'text-muted'}`}
          >
            {stepText(step, machine)}
            {step.result?.ok === false && (
              <span className="block text-xs break-words text-muted">{step.result.reason}</span>
            )}
          </span>
        )}
      </span>
      {!isForLooking(machine) && (
        <Button aria-label={`Upgrade ${name}`} isBusy={isBusy} disabled={!reachable} onClick={onUpgrade}>
          {step?.state === 'upgrading' ? 'Upgrading…' : 'Upgrade'}
        </Button>
      )}
    </li>
  );
}

function stepText({ state, result }: Step, { daemon }: Machine): string {
  switch (state) {
    case 'waiting':
      return 'Waits for its turn';
    case 'upgrading':
      return 'Is being upgraded…';
    case 'left':
      return 'Left as it is';
    case 'upgraded': {
      if (!result?.ok) return 'Upgraded';
      const { to, sessions, pauseMs } = result;
      const paused = pauseMs === undefined ? '' : ` · ${pauseText(pauseMs)} pause`;
      return `Upgraded · now running ${to.version}+${to.build} · ${count(sessions, 'session')} kept${paused}`;
    }
    case 'failed': {
      if (!result || result.ok) return 'Not upgraded';
      const { what, outcome } = failureText(result.code, {
        running: daemon?.running ?? null,
        available: null,
      });
      return `${what} ${outcome}`;
    }
    default:
      return state satisfies never;
  }
}
