import { toast } from 'sonner';
import { api, reasonOf } from '../api/client.ts';
import { count } from '../sessions/describe.ts';
import type { UpgradeRun } from './fleet.ts';

/**
 * Has one machine upgraded, or all. Each step is told by the host's stream; of the end the user is told wherever he is, unless he
 * sees it.
 */
export async function upgradeMachines(machine: string | undefined, isSeen: () => boolean): Promise<void> {
  try {
    const run = await api.machines.upgrade.mutate(machine === undefined ? {} : { machine });
    if (isSeen()) return;
    const stopped = stoppedAt(run);
    if (stopped !== undefined) toast.error(stopped);
    else if (machine !== undefined) toast.success(`${machine} is upgraded`);
    else toast.success(`${count(run.machines.length, 'machine')} upgraded`);
  } catch (error) {
    toast.error(`Not upgraded: ${reasonOf(error)}`);
  }
}

/** Nobody is told any more what came of the last upgrades. */
export async function dismissUpgrade(): Promise<void> {
  try {
    await api.machines.dismissUpgrade.mutate();
  } catch (error) {
    toast.error(`Can’t dismiss it: ${reasonOf(error)}`);
  }
}

/** Which machine's upgrade has failed, and what that means for the others; undefined: none. */
export function stoppedAt({ machines }: UpgradeRun): string | undefined {
  const failed = machines.find(({ state }) => state === 'failed');
  if (!failed) return undefined;
  const left = machines.filter(({ state }) => state === 'left').map(({ name }) => name);
  const reason = failed.result?.ok === false ? failed.result.reason : '';
  const rest = left.length === 0 ? '' : ` Left as they are: ${left.join(', ')}.`;
  return `${failed.name} could not be upgraded: ${reason}.${rest}`;
}
