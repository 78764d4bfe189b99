import type { Session } from '@holdfast/protocol';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { tellForgotten, tellSession } from '../api/household.ts';
import { tellElsewhere } from '../machines/fleet.ts';
import { changeLayout, focusAsked, newId } from '../layout/layout-store.ts';
import { filterPanes, replaceSession, show, split } from '../layout/layout.ts';
import { goTo } from '../route.ts';
import { count, isCut } from './describe.ts';
import type { KnownSession } from './known-session.ts';
import { keyOf, placeOf } from './session-key.ts';
import { noteStarted } from './started-here.ts';

/** Time to take a `Forget` back, in ms. */
const UNDO_MS = 6_000;

export interface NewSession {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly name?: string;
  /** Absent: that of the host. */
  readonly machine?: string;
}

/** Starts a session and shows it: in a tab of its own, or beside a pane. Throws what the host says. */
export async function startSession(
  what: NewSession,
  beside?: { readonly pane: string; readonly direction: 'row' | 'column' },
): Promise<void> {
  const { command, ...rest } = what;
  const started = await api.terminal.create.mutate({ command: [...command], ...rest });
  // It must be known before its pane asks for it.
  const session = tell(started, what.machine);
  noteStarted(session);
  changeLayout((layout) =>
    beside ? split(layout, { ...beside, session }, newId) : show(layout, session, newId),
  );
  goTo('terminals');
}

export function showSession(session: string): void {
  changeLayout((layout) => show(layout, session, newId));
  focusAsked.update((times) => times + 1);
  goTo('terminals');
}

export async function renameSession(session: KnownSession, name: string): Promise<void> {
  if (name === session.name || name === '') return;
  try {
    const place = placeOf(session.id);
    tell(await api.terminal.rename.mutate({ ...place, name }), place.machine);
  } catch (error) {
    toast.error(`Can’t rename: ${reasonOf(error)}`);
  }
}

export async function killSession({ id, name }: KnownSession): Promise<void> {
  try {
    tell(await api.terminal.kill.mutate(placeOf(id)), placeOf(id).machine);
    toast.success(`“${name}” was ended`);
  } catch (error) {
    toast.error(`Can’t end “${name}”: ${reasonOf(error)}`);
  }
}

/** Forgets an exited session after a while, in which that can be taken back. `onUndo`: it stays. */
export function forgetSession({ id, name }: KnownSession, onUndo: () => void): void {
  const timer = setTimeout(() => {
    void (async () => {
      try {
        const place = placeOf(id);
        await api.terminal.forget.mutate(place);
        if (place.machine === undefined) tellForgotten(id);
        else tellElsewhere(place, null);
        changeLayout((layout) => filterPanes(layout, (pane) => pane.session !== id));
      } catch (error) {
        toast.error(`Can’t forget “${name}”: ${reasonOf(error)}`);
        onUndo();
      }
    })();
  }, UNDO_MS);
  toast(`“${name}” and its output are forgotten`, {
    duration: UNDO_MS - 500,
    action: {
      label: 'Undo',
      onClick: () => {
        clearTimeout(timer);
        onUndo();
      },
    },
  });
}

/** Starts the program of an exited session anew, below what it had printed; panes that show it go on. */
export async function restoreSession({ id, name }: KnownSession): Promise<void> {
  try {
    tell(await api.terminal.restore.mutate(placeOf(id)), placeOf(id).machine);
  } catch (error) {
    toast.error(`Can’t restore “${name}”: ${reasonOf(error)}`);
  }
}

/**
 * Restores all whose end nobody saw, as that of the machine, and says of which that could not be done. `machine`: another one than that of
 * the host.
 */
export async function restoreLost(machine?: string): Promise<void> {
  try {
    const there = machine === undefined ? {} : { machine };
    const { restored, failed } = await api.terminal.restoreLost.mutate(there);
    for (const session of restored) tell(session, machine);
    if (restored.length > 0) toast.success(`${count(restored.length, 'session')} restored`);
    for (const { name, message } of failed) toast.error(`Can’t restore “${name}”: ${message}`);
  } catch (error) {
    toast.error(`Can’t restore: ${reasonOf(error)}`);
  }
}

/** The same program again, in the same folder; the pane that showed the old one shows it. */
export async function runAgain(old: KnownSession): Promise<void> {
  try {
    const place = placeOf(old.id);
    const { machine } = place;
    const there = machine === undefined ? {} : { machine };
    // Of another machine's no more may be known here than the beginning.
    const { command, cwd, cols, rows } = await api.terminal.get.query(place);
    if (isCut(command))
      throw new Error(
        'its command is longer than what is told of it; Restore, in its menu, starts all of it',
      );
    const again = tell(await api.terminal.create.mutate({ command, cwd, cols, rows, ...there }), machine);
    noteStarted(again);
    changeLayout((layout) => replaceSession(layout, old.id, again));
  } catch (error) {
    toast.error(`Can’t run it again: ${reasonOf(error)}`);
  }
}

/** What has become of a session; returns what this page calls it. */
function tell(session: Session, machine: string | undefined): string {
  if (machine === undefined) {
    tellSession(session);
    return session.id;
  }
  const place = { machine, session: session.id };
  tellElsewhere(place, session);
  return keyOf(place);
}
