import type { AppRouter } from '@holdfast/host';
import type { Session } from '@holdfast/protocol';
import type { inferRouterOutputs } from '@trpc/server';
import { Store } from '../store.ts';
import { refuse } from './access.ts';
import { api } from './client.ts';

type Daemon = inferRouterOutputs<AppRouter>['terminal']['daemon'];
export type UpdateStatus = Daemon['getUpdateStatus'];
export type UpdateResult = Daemon['update'];

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

/** How often output is looked for that no subscription tells of. */
const LOOK_MS = 2_000;

/** Follows the household for as long as the page can be seen; returns what ends that. */
export function follow(): () => void {
  let stop: (() => void) | undefined;
  const toggle = () => {
    // A hidden page holds no connection: a browser has few of them for all its windows.
    if (document.hidden) {
      stop?.();
      stop = undefined;
    } else stop ??= begin();
  };
  document.addEventListener('visibilitychange', toggle);
  toggle();
  return () => {
    document.removeEventListener('visibilitychange', toggle);
    stop?.();
  };
}

function begin(): () => void {
  const subscription = api.terminal.onSessions.subscribe(
    {},
    {
      onData: (change) => {
        switch (change.type) {
          case 'all':
            household.update((known) => ({ ...withSessions(known, change.sessions), isHeld: false }));
            break;
          case 'session':
            household.update((known) =>
              withSessions(known, [
                ...(known.sessions ?? []).filter(({ id }) => id !== change.session.id),
                change.session,
              ]),
            );
            break;
          case 'forgotten':
            household.update((known) =>
              withSessions(
                known,
                (known.sessions ?? []).filter(({ id }) => id !== change.id),
              ),
            );
            break;
          case 'unreachable':
            household.update((known) => ({ ...known, isHeld: change.error.code === 'E_HELD' }));
            break;
        }
      },
    },
  );
  const timer = setInterval(() => void look(), LOOK_MS);
  void look();
  return () => {
    subscription.unsubscribe();
    clearInterval(timer);
  };
}

/** Asks what never waits, and then what the terminals have printed. */
export async function look(): Promise<void> {
  try {
    const [health, update] = await Promise.all([
      api.terminal.daemon.getHealth.query(),
      api.terminal.daemon.getUpdateStatus.query(),
    ]);
    household.update((known) => ({
      ...known,
      update,
      hostIsGone: false,
      silentSince: health.reachable
        ? undefined
        : Math.min(
            known.silentSince ?? Number.POSITIVE_INFINITY,
            Date.now() - (health.unreachableForMs ?? 0),
          ),
    }));
    if (!health.reachable) return;
    const sessions = await api.terminal.list.query();
    household.update((known) => withSessions(known, sessions));
  } catch (error) {
    refuse(error);
    household.update((known) => ({
      ...known,
      silentSince: known.silentSince ?? Date.now(),
      hostIsGone: true,
    }));
  }
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
