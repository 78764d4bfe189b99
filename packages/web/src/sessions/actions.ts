import type { Session } from '@holdfast/protocol';
import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { tellForgotten, tellSession } from '../api/household.ts';
import { changeLayout, focusAsked, newId } from '../layout/layout-store.ts';
import { filterPanes, replaceSession, show, split } from '../layout/layout.ts';
import { goTo } from '../route.ts';
import { count } from './describe.ts';
import { noteStarted } from './started-here.ts';

/** Time to take a `Forget` back, in ms. */
const UNDO_MS = 6_000;

export interface NewSession {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly name?: string;
}

/** Starts a session and shows it: in a tab of its own, or beside a pane. Throws what the host says. */
export async function startSession(
  what: NewSession,
  beside?: { readonly pane: string; readonly direction: 'row' | 'column' },
): Promise<void> {
  const { command, ...rest } = what;
  const started = await api.terminal.create.mutate({ command: [...command], ...rest });
  // It must be known before its pane asks for it.
  tellSession(started);
  noteStarted(started.id);
  const { id: session } = started;
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

export async function renameSession(session: Session, name: string): Promise<void> {
  if (name === session.name || name === '') return;
  try {
    tellSession(await api.terminal.rename.mutate({ session: session.id, name }));
  } catch (error) {
    toast.error(`Can’t rename: ${reasonOf(error)}`);
  }
}

export async function killSession({ id, name }: Session): Promise<void> {
  try {
    tellSession(await api.terminal.kill.mutate({ session: id }));
    toast.success(`“${name}” was ended`);
  } catch (error) {
    toast.error(`Can’t end “${name}”: ${reasonOf(error)}`);
  }
}

/** Forgets an exited session after a while, in which that can be taken back. `onUndo`: it stays. */
export function forgetSession({ id, name }: Session, onUndo: () => void): void {
  const timer = setTimeout(() => {
    void (async () => {
      try {
        await api.terminal.forget.mutate({ session: id });
        tellForgotten(id);
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
export async function restoreSession({ id, name }: Session): Promise<void> {
  try {
    tellSession(await api.terminal.restore.mutate({ session: id }));
  } catch (error) {
    toast.error(`Can’t restore “${name}”: ${reasonOf(error)}`);
  }
}

/** Restores all whose end nobody saw, as that of the machine, and says of which that could not be done. */
export async function restoreLost(): Promise<void> {
  try {
    const { restored, failed } = await api.terminal.restoreLost.mutate();
    for (const session of restored) tellSession(session);
    if (restored.length > 0) toast.success(`${count(restored.length, 'session')} restored`);
    for (const { name, message } of failed) toast.error(`Can’t restore “${name}”: ${message}`);
  } catch (error) {
    toast.error(`Can’t restore: ${reasonOf(error)}`);
  }
}

/** The same program again, in the same folder; the pane that showed the old one shows it. */
export async function runAgain(old: Session): Promise<void> {
  try {
    const { command, cwd, cols, rows } = old;
    const again = await api.terminal.create.mutate({ command, cwd, cols, rows });
    tellSession(again);
    noteStarted(again.id);
    changeLayout((layout) => replaceSession(layout, old.id, again.id));
  } catch (error) {
    toast.error(`Can’t run it again: ${reasonOf(error)}`);
  }
}
