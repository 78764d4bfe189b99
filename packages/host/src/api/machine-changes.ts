import type { UpgradeRun } from '../machines/machine-view.ts';
import type { MachineChange as WatchChange } from '../machines/machine-watch.ts';
import type { Machines } from '../machines/machines.ts';
import { Mailbox } from './mailbox.ts';

/** What is told of the machines of a fleet. */
export type MachineChange =
  | WatchChange
  /** How far upgrades are, or what came of the last ones; null: nothing that still matters. */
  | { readonly type: 'machineUpgrade'; readonly run: UpgradeRun | null };

/**
 * Puts what is told of the machines, now and whenever it changes, where it is read; returns what ends that. Without a fleet it is
 * told that there are none.
 */
export function followMachines(
  machines: Machines | undefined,
  put: (key: string, change: MachineChange) => void,
): () => void {
  if (!machines) {
    put('machines', { type: 'machines', names: [], problem: null });
    return () => {};
  }
  const stopWatch = machines.watch.listen((change) =>
    put(change.type === 'machine' ? `machine ${change.machine.name}` : change.type, change),
  );
  const stopRuns = machines.upgrades.listen((run) => put('machineUpgrade', { type: 'machineUpgrade', run }));
  return () => {
    stopWatch();
    stopRuns();
  };
}

/** The machines of the fleet, for as long as somebody listens. */
export async function* machineChanges(
  machines: Machines,
  signal: AbortSignal,
): AsyncGenerator<MachineChange, void, undefined> {
  const mailbox = new Mailbox<MachineChange>(signal);
  const stop = followMachines(machines, (key, change) => mailbox.put(key, change));
  try {
    yield* mailbox;
  } finally {
    stop();
  }
}
