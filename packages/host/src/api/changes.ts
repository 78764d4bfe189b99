import type { Namespace } from '../daemons/namespace.ts';
import type { Printed } from '../daemons/output-watch.ts';
import { type DaemonChange, toldOf } from './daemon-changes.ts';
import type { Machines } from '../machines/machines.ts';
import { followMachines, type MachineChange } from './machine-changes.ts';
import { Mailbox } from './mailbox.ts';
import { type SessionChange, sessionChanges } from './session-changes.ts';

export type Change =
  | SessionChange
  | MachineChange
  | ({ readonly type: 'daemon' } & DaemonChange)
  /** Sessions that have printed since; offsets by id. */
  | { readonly type: 'printed'; readonly offsets: Printed };

/**
 * Everything that a page shows, on one stream: a browser has few connections to a host for all its windows. A listener that is
 * slow gets the newest state of each thing. `elsewhere`: it shows the machines of the fleet, too, if there is one.
 */
export async function* changes(
  namespace: Namespace,
  signal: AbortSignal,
  elsewhere?: { readonly machines: Machines | undefined },
): AsyncGenerator<Change, void, undefined> {
  const mailbox = new Mailbox<Change | Error>(signal);
  const tell = () => mailbox.put('daemon', { type: 'daemon', ...toldOf(namespace.view) });
  const stopView = namespace.onView(tell);
  tell();
  let printed: Printed = {};
  const stopOutput = namespace.output.listen((offsets) => {
    printed = { ...printed, ...offsets };
    mailbox.put('printed', { type: 'printed', offsets: printed });
  });
  const stopMachines =
    elsewhere && followMachines(elsewhere.machines, (key, change) => mailbox.put(key, change));
  void forward(sessionChanges(namespace, signal), mailbox);
  try {
    for await (const change of mailbox) {
      if (change instanceof Error) throw change;
      if (change.type === 'printed') printed = {};
      yield change;
    }
  } finally {
    stopView();
    stopOutput();
    stopMachines?.();
  }
}

async function forward(
  from: AsyncGenerator<SessionChange, void, undefined>,
  mailbox: Mailbox<Change | Error>,
): Promise<void> {
  try {
    for await (const change of from) mailbox.put(keyOf(change), change);
  } catch (error) {
    mailbox.put('failed', error instanceof Error ? error : new Error(String(error)));
  }
}

/** What is said of one session later makes the earlier needless; what is said of all comes after it, and has it all. */
function keyOf(change: SessionChange): string {
  switch (change.type) {
    case 'session':
      return change.session.id;
    case 'forgotten':
      return change.id;
    case 'all':
    case 'unreachable':
      return 'all';
    default:
      return change satisfies never;
  }
}
