import type { AppRouter } from '@holdfast/host';
import type { inferSubscriptionOutput } from '@trpc/server/unstable-core-do-not-import';
import { keyOf, type Place } from '../sessions/session-key.ts';
import { Store } from '../store.ts';

export type MachineChange = inferSubscriptionOutput<AppRouter['machines']['onChanges']>;
export type Machine = Extract<MachineChange, { type: 'machine' }>['machine'];
export type UpgradeRun = NonNullable<Extract<MachineChange, { type: 'machineUpgrade' }>['run']>;
/** What is known of a session wherever it is. */
export type KnownSession = Machine['sessions'][number];

/** The machines that this page shows sessions of. */
export interface Fleet {
  /** This one first, and the others by name. */
  readonly machines: readonly Machine[];
  /** Why the others can't be seen. */
  readonly problem: string | null;
  /** Upgrades under way, or the last ones as long as they matter. */
  readonly run: UpgradeRun | undefined;
  /** Sessions of the other machines, by what this page calls them, newest first. */
  readonly sessions: ReadonlyMap<string, KnownSession>;
}

/** Undefined: the host belongs to none. */
export const fleet = new Store<Fleet | undefined>(undefined);

/** What this page has done itself is announced within some seconds; it counts until then. */
const TOLD_MS = 5_000;
/** By key; null: it is forgotten. */
const told = new Map<string, KnownSession | null>();

const EMPTY: Fleet = { machines: [], problem: null, run: undefined, sessions: new Map() };

export function tellFleet(change: MachineChange): void {
  const known = fleet.get() ?? EMPTY;
  switch (change.type) {
    case 'machines': {
      const names = new Set(change.names);
      // Its own is always among those of a host that belongs to a fleet.
      if (names.size === 0) return fleet.set(undefined);
      const machines = known.machines.filter(({ name }) => names.has(name));
      return fleet.set(withMachines({ ...known, problem: change.problem?.message ?? null }, machines));
    }
    case 'machine': {
      const others = known.machines.filter(({ name }) => name !== change.machine.name);
      return fleet.set(withMachines(known, [...others, change.machine]));
    }
    case 'machineUpgrade':
      return fleet.set({ ...known, run: change.run ?? undefined });
    default:
      return change satisfies never;
  }
}

/** What this page has done to a session of another machine. */
export function tellElsewhere(place: Place, session: KnownSession | null): void {
  const key = keyOf(place);
  const news = session && { ...session, id: key };
  told.set(key, news);
  showTold();
  setTimeout(() => {
    // Something else may have been done to it since.
    if (told.get(key) !== news) return;
    told.delete(key);
    showTold();
  }, TOLD_MS);
}

function showTold(): void {
  fleet.update((known) => known && withMachines(known, known.machines));
}

function withMachines(known: Fleet, machines: readonly Machine[]): Fleet {
  const sorted = machines.toSorted(
    (one, other) => Number(other.isOwn) - Number(one.isOwn) || (one.name < other.name ? -1 : 1),
  );
  const all = new Map<string, KnownSession | null>();
  for (const { name: machine, sessions, isOwn } of sorted)
    for (const session of isOwn ? [] : sessions) {
      const id = keyOf({ machine, session: session.id });
      all.set(id, { ...session, id });
    }
  for (const [key, session] of told) all.set(key, session);
  const newestFirst = [...all.values()]
    .filter((session) => session !== null)
    .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt));
  const sessions = new Map(newestFirst.map((session) => [session.id, session]));
  return { ...known, machines: sorted, sessions };
}
