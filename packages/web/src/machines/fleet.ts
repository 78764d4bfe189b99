import type { AppRouter } from '@holdfast/host';
import type { inferSubscriptionOutput } from '@trpc/server/unstable-core-do-not-import';
import { keyOf, type Place, placeOf } from '../sessions/session-key.ts';
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
  /** Of the other machines, by their names. */
  readonly sessions: ReadonlyMap<string, MachineSessions>;
}

/** Sessions of one machine, as this page calls them. */
export interface MachineSessions {
  readonly newestFirst: readonly KnownSession[];
  readonly byKey: ReadonlyMap<string, KnownSession>;
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
      const { machine } = change;
      const isKnown = known.machines.some(({ name }) => name === machine.name);
      const machines = isKnown
        ? known.machines.map((one) => (one.name === machine.name ? machine : one))
        : [...known.machines, machine].toSorted(byPlace);
      return fleet.set(withMachines(known, machines));
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
  const elsewhere = machines.filter(({ isOwn }) => !isOwn);
  const sessions = new Map(elsewhere.map((machine) => [machine.name, sessionsOf(machine)]));
  return { ...known, machines, sessions };
}

/** Whether the host's credentials are known to allow nothing else there. */
export function isForLooking({ mayOperate }: Pick<Machine, 'mayOperate'>): boolean {
  return mayOperate === false;
}

function byPlace(one: Machine, other: Machine): number {
  return Number(other.isOwn) - Number(one.isOwn) || (one.name < other.name ? -1 : 1);
}

/** As each machine was told: whatever changes on one, those of all others stay as they were made. */
const announced = new WeakMap<Machine, MachineSessions>();

function sessionsOf(machine: Machine): MachineSessions {
  const here = [...told].filter(([key]) => placeOf(key).machine === machine.name);
  const made = announced.get(machine) ?? asCalledHere(machine);
  announced.set(machine, made);
  if (here.length === 0) return made;
  const all = new Map<string, KnownSession | null>([...made.byKey, ...here]);
  return newestFirst([...all.values()].filter((session) => session !== null));
}

function asCalledHere({ name, sessions }: Machine): MachineSessions {
  return newestFirst(
    sessions.map((session) => ({ ...session, id: keyOf({ machine: name, session: session.id }) })),
  );
}

function newestFirst(sessions: readonly KnownSession[]): MachineSessions {
  const sorted = sessions.toSorted((one, other) => compare(other.createdAt, one.createdAt));
  return { newestFirst: sorted, byKey: new Map(sorted.map((session) => [session.id, session])) };
}

/** Times as they are written have one order in all languages. */
function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
