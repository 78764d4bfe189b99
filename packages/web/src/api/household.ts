import type { AppRouter } from '@holdfast/host';
import type { Session } from '@holdfast/protocol';
import type { inferRouterOutputs } from '@trpc/server';
import type { inferSubscriptionOutput } from '@trpc/server/unstable-core-do-not-import';
import { type MachineChange, tellFleet } from '../machines/fleet.ts';
import { Store } from '../store.ts';
import { api } from './client.ts';

type Daemon = inferRouterOutputs<AppRouter>['terminal']['daemon'];
export type UpdateStatus = Daemon['getUpdateStatus'];
export type UpdateResult = Daemon['update'];
export type HistoryEntry = Daemon['getHistory'][number];
type Health = Daemon['getHealth'];
type Change = Exclude<inferSubscriptionOutput<AppRouter['terminal']['onChanges']>, MachineChange>;

/** What this page knows of the daemon and its sessions. */
export interface Household {
  /** Undefined until the first answer. Newest first. */
  readonly sessions: readonly Session[] | undefined;
  readonly update: UpdateStatus | undefined;
  /** When a session's output last grew, as far as this page has seen it; ms since 1970. */
  readonly activeAt: ReadonlyMap<string, number>;
  /** Since when the daemon, or the host itself, gives no answer; ms since 1970. */
  readonly silentSince: number | undefined;
  /** Whether it is the host that can't be reached. */
  readonly hostIsGone: boolean;
  /** The keeper starts no daemon any more. */
  readonly isHeld: boolean;
}

export const household = new Store<Household>({
  sessions: undefined,
  update: undefined,
  activeAt: new Map(),
  silentSince: undefined,
  hostIsGone: false,
  isHeld: false,
});

/** Whether all can be ended, and started anew: a daemon that hangs is neither asked nor killed. One that is held has its keeper. */
export function canRestart({ silentSince, hostIsGone, isHeld }: Household): boolean {
  return !hostIsGone && (silentSince === undefined || isHeld);
}

/** Between two tries to reach a host that isn't there. */
const RETRY_MS = 1_000;
/** A host that hangs answers nothing, and breaks no connection. */
const ANSWER_MS = 5_000;

/** Follows the household for as long as the page can be seen; returns what ends that. */
export function follow(): () => void {
  let stop: AbortController | undefined;
  const toggle = () => {
    // A hidden page holds no connection: a browser has few of them for all its windows.
    if (document.hidden) {
      stop?.abort();
      stop = undefined;
    } else if (!stop) {
      stop = new AbortController();
      void followUntil(stop.signal);
    }
  };
  document.addEventListener('visibilitychange', toggle);
  toggle();
  return () => {
    document.removeEventListener('visibilitychange', toggle);
    stop?.abort();
  };
}

/** One stream tells of everything. When it has ended, it is asked why: the login may have, or the host. */
async function followUntil(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await look()) await listen(signal);
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function listen(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const subscription = api.terminal.onChanges.subscribe(
      { machines: true },
      {
        onData: (change) => {
          if (isOfFleet(change)) tellFleet(change);
          else household.update((known) => after(known, change));
        },
        onConnectionStateChange: ({ error }) => error && end(),
        onError: () => end(),
        onComplete: () => end(),
      },
    );
    const end = () => {
      subscription.unsubscribe();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
  });
}

function isOfFleet(change: Change | MachineChange): change is MachineChange {
  return change.type === 'machines' || change.type === 'machine' || change.type === 'machineUpgrade';
}

/** What is known after a change. Before all sessions are known, nothing is said of some: the others would be taken for gone. */
function after(known: Household, change: Change): Household {
  const { sessions } = known;
  switch (change.type) {
    case 'all':
      return { ...withSessions(known, change.sessions), isHeld: false };
    case 'session':
      return sessions
        ? withSessions(known, [...sessions.filter(({ id }) => id !== change.session.id), change.session])
        : known;
    case 'forgotten':
      return sessions
        ? withSessions(
            known,
            sessions.filter(({ id }) => id !== change.id),
          )
        : known;
    case 'printed':
      return sessions
        ? withSessions(
            known,
            sessions.map((session) => {
              const offset = change.offsets[session.id];
              return offset === undefined || offset <= session.offset ? session : { ...session, offset };
            }),
          )
        : known;
    case 'unreachable':
      return { ...known, isHeld: change.error.code === 'E_HELD' };
    case 'daemon':
      return {
        ...known,
        update: change.update,
        hostIsGone: false,
        silentSince: silentSince(known, change.health),
      };
    default:
      return change satisfies never;
  }
}

/** What this page has done itself is known before anybody tells of it. */
export function tellSession(session: Session): void {
  household.update((known) => after(known, { type: 'session', session }));
}

export function tellForgotten(id: string): void {
  household.update((known) => after(known, { type: 'forgotten', id }));
}

/** Asks what never waits; false if the host didn't answer, or didn't want to. */
export async function look(): Promise<boolean> {
  const options = { signal: AbortSignal.timeout(ANSWER_MS) };
  try {
    const [health, update] = await Promise.all([
      api.terminal.daemon.getHealth.query({}, options),
      api.terminal.daemon.getUpdateStatus.query({}, options),
    ]);
    household.update((known) => after(known, { type: 'daemon', health, update }));
    return true;
  } catch {
    // Whoever was refused is told so by access.ts.
    household.update((known) => ({
      ...known,
      silentSince: known.silentSince ?? Date.now(),
      hostIsGone: true,
    }));
    return false;
  }
}

function silentSince(known: Household, { reachable, unreachableForMs }: Health): number | undefined {
  if (reachable) return undefined;
  return Math.min(known.silentSince ?? Number.POSITIVE_INFINITY, Date.now() - (unreachableForMs ?? 0));
}

function withSessions(known: Household, sessions: readonly Session[]): Household {
  const before = new Map(known.sessions?.map((session) => [session.id, session]));
  const activeAt = new Map<string, number>();
  for (const { id, offset } of sessions) {
    const earlier = before.get(id);
    const at = earlier !== undefined && offset > earlier.offset ? Date.now() : known.activeAt.get(id);
    if (at !== undefined) activeAt.set(id, at);
  }
  const newestFirst = sessions.toSorted(
    (a, b) => b.createdAt.localeCompare(a.createdAt) || (a.id < b.id ? 1 : -1),
  );
  return { ...known, sessions: newestFirst, activeAt };
}
