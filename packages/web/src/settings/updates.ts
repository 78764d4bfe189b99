import { toast } from 'sonner';
import { refusalIsFinal } from '../api/access.ts';
import { api, reasonOf } from '../api/client.ts';
import { household, look, type UpdateResult, type UpdateStatus } from '../api/household.ts';
import { count } from '../sessions/describe.ts';
import { Store } from '../store.ts';
import { failureText, hasHappened } from './failure-text.ts';

type Failure = Pick<Extract<UpdateResult, { ok: false }>, 'code' | 'reason'>;

/** The update that this page has asked for. It outlives the settings page, so that its end is told wherever the user is. */
export type Updating =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const updating = new Store<Updating>({ kind: 'idle' });

/** Asks for it; tells of success from the answer, and leaves a failure to be asked about. Nothing is closed by it. */
export async function updateDaemon(): Promise<void> {
  if (updating.get().kind === 'running') return;
  const { update } = household.get();
  updating.set({ kind: 'running' });
  try {
    const result = await api.terminal.daemon.update.mutate();
    if (result.ok) {
      toast.success(successText(result));
      updating.set({ kind: 'idle' });
      void look();
    } else await failed(result, update);
  } catch (error) {
    if (refusalIsFinal(error)) {
      // The host has done nothing.
      toast.error(`Not updated: ${reasonOf(error)}`);
      updating.set({ kind: 'idle' });
    } else await failed({ code: 'E_DISCONNECTED', reason: reasonOf(error) }, update);
  }
}

/** Asks who serves now before it says anything: where the answer was lost, the update may have happened. */
async function failed(failure: Failure, before: UpdateStatus | undefined): Promise<void> {
  const isReached = await look();
  const { update } = household.get();
  if (!failureText(failure.code, update).isKnown && isReached && hasHappened(before, update)) {
    toast.success(`Daemon updated · now running ${update?.running} (was ${before?.running})`);
    if (update?.failure) await dismissFailure();
    updating.set({ kind: 'idle' });
  } else updating.set({ kind: 'failed', failure });
}

/** The user has decided: the failure of this page's own update is over. */
export async function closeFailure(): Promise<void> {
  if (updating.get().kind !== 'failed') return;
  // Before the dialog closes, so that no notice says the same.
  await dismissFailure();
  updating.set({ kind: 'idle' });
}

/** Nobody is told of the last failure any more; of the next one everybody is. */
export async function dismissFailure(): Promise<void> {
  try {
    await api.terminal.daemon.dismissUpdateFailure.mutate();
  } catch (error) {
    toast.error(`Can’t dismiss it: ${reasonOf(error)}`);
  }
  await look();
}

/** On one line with its unit. */
export function pauseText(ms: number): string {
  return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)}\u00A0ms`;
}

/** What an update is doing, whoever has asked for it. */
export function stepText(update: UpdateStatus | undefined, running: number): string {
  const { underWay = null, available } = update ?? {};
  const isStarted = underWay !== null && underWay.phase !== 'starting';
  if (isStarted) return `Handing over ${count(running, 'session')}`;
  return `Starting ${underWay?.to ?? available ?? 'the new daemon'}`;
}

/** In the words of the answer, whatever was known before. */
function successText(result: Extract<UpdateResult, { ok: true }>): string {
  const name = ({ version, build }: { version: string; build: string }) => `${version}+${build}`;
  const { from, to, sessions, pauseMs } = result;
  const parts = [
    'Daemon updated',
    `now running ${name(to)}${from ? ` (was ${name(from)})` : ''}`,
    `${count(sessions, 'session')} kept`,
  ];
  if (pauseMs !== undefined) parts.push(`${pauseText(pauseMs)} pause`);
  return parts.join(' · ');
}
