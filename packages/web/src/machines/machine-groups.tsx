import { Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import { timeOf } from '../sessions/describe.ts';
import { LostNotice } from '../sessions/lost-notice.tsx';
import { useStore } from '../store.ts';
import { fleet, isForLooking, type KnownSession, type Machine } from './fleet.ts';
import { sinceText, versionText } from './machine-texts.ts';

/** Rows of one machine: more are not read, but searched. */
const ROWS_MAX = 200;

export interface MachineGroupsProps {
  /** Rows of this machine's sessions. */
  readonly own: readonly ReactNode[];
  /** Whether a session is looked for. */
  readonly isWanted: (session: KnownSession) => boolean;
  /** Whether one is not shown, since it is about to be forgotten. */
  readonly isHidden: (session: KnownSession) => boolean;
  readonly rowOf: (session: KnownSession, mayOperate: boolean) => ReactNode;
  readonly isSearching: boolean;
  /** What is said where no session is found at all. */
  readonly none: string;
  readonly now: number;
}

/** The sessions of all machines of the fleet, by machine. */
export default function MachineGroups(props: MachineGroupsProps) {
  const { own, isWanted, isHidden, rowOf, isSearching, none, now } = props;
  const known = useStore(fleet);
  if (!known) return null;
  const groups = known.machines.map((machine) => {
    if (machine.isOwn) return { machine, all: [], rows: own.slice(0, ROWS_MAX), count: own.length };
    const all = known.sessions.get(machine.name)?.newestFirst ?? [];
    const wanted = all.filter(isWanted);
    const rows = wanted.slice(0, ROWS_MAX).map((session) => rowOf(session, !isForLooking(machine)));
    return { machine, all, rows, count: wanted.length };
  });
  // Who looks for something has no use for machines that have nothing like it.
  const shown = isSearching ? groups.filter(({ rows }) => rows.length > 0) : groups;
  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
      {known.problem !== null && (
        <p role="status" className="mb-2 rounded-md bg-warn-soft px-3 py-1.5 text-xs text-warn">
          The other machines can’t be seen: {known.problem}
        </p>
      )}
      {shown.map(({ machine, all, rows, count }) => (
        <Group key={machine.name} machine={machine} rows={rows} more={count - rows.length} now={now}>
          {!machine.isOwn && machine.reachable && (
            <LostNotice
              sessions={all}
              isHidden={isHidden}
              machine={machine.name}
              mayOperate={!isForLooking(machine)}
            />
          )}
        </Group>
      ))}
      {shown.length === 0 && <p className="px-3 py-6 text-center text-[13px] text-muted">{none}</p>}
    </div>
  );
}

interface GroupProps {
  readonly machine: Machine;
  readonly rows: readonly ReactNode[];
  /** So many more there are that have none. */
  readonly more: number;
  readonly now: number;
  /** What there is to say about them, above them. */
  readonly children: ReactNode;
}

function Group({ machine, rows, more, now, children }: GroupProps) {
  const { name, reachable, lastSeenAt, omitted, isOwn } = machine;
  const id = `machine-${name}`;
  return (
    <section aria-labelledby={id} data-machine={name} data-reachable={reachable} className="mb-3">
      <header className="sticky top-0 z-[1] bg-canvas px-2.5 pt-1 pb-1">
        <span className="flex items-baseline gap-2">
          <h2 id={id} className="min-w-0 truncate text-xs font-semibold">
            {name}
          </h2>
          {isOwn && <span className="shrink-0 text-xs text-muted">this machine</span>}
          {!isOwn && isForLooking(machine) && <span className="shrink-0 text-xs text-muted">view only</span>}
          <span
            className="ml-auto min-w-0 shrink truncate text-xs text-muted tabular-nums"
            title={versionText(machine)}
          >
            {versionText(machine).replace(/\+.*/, '')}
          </span>
        </span>
        {!reachable && lastSeenAt !== null && (
          <span
            role="status"
            className="flex items-center gap-1 text-xs text-warn"
            title={timeOf(lastSeenAt)}
          >
            <Unplug size={12} aria-hidden /> Unreachable · last seen {sinceText(lastSeenAt, now)}
          </span>
        )}
      </header>
      {children}
      <ul className="space-y-0.5">
        {rows}
        {rows.length === 0 && <li className="px-2.5 py-1 text-xs text-muted">No sessions</li>}
        {more > 0 && (
          <li className="px-2.5 py-1 text-xs text-muted">… and {more} more, which a search finds</li>
        )}
        {omitted > 0 && (
          <li className="px-2.5 py-1 text-xs text-muted">{omitted} more, which are too many to be listed</li>
        )}
      </ul>
    </section>
  );
}
