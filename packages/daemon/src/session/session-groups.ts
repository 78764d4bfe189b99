import {
  close,
  openPidfd,
  sendSignal,
  sendSignalToGroupOf,
  signalNumber,
  startTimeOf,
} from '@holdfast/posix';
import type { Packing, Unpacking } from './luggage.ts';
import type { ProcessTable } from './process-table.ts';
import type { SuspendedGroup } from './suspended-session.ts';

/** Descriptors held at once; a group beyond them is told from a later one with its number by the list of processes. */
const HELD_MAX = 64;
const SIGKILL = signalNumber('SIGKILL') ?? 9;

/**
 * The process groups that were seen in one session. Each is held by a pidfd of its leader, so that a signal can't reach a
 * later group with the same number.
 */
export class SessionGroups {
  readonly #session: number;
  /** By number; undefined where the leader was gone, or no descriptor was to be had. */
  readonly #pidfds = new Map<number, number | undefined>();

  constructor(session: number) {
    this.#session = session;
    this.#pidfds.set(session, undefined);
  }

  /** For a successor. */
  suspend(luggage: Packing): SuspendedGroup[] {
    return [...this.#pidfds].map(([group, pidfd]) => ({
      group,
      pidfd: pidfd === undefined ? null : luggage.add(pidfd),
    }));
  }

  /** Remembers what a predecessor knew of. */
  resume(groups: readonly SuspendedGroup[], luggage: Unpacking): void {
    for (const { group, pidfd } of groups) {
      const held = pidfd === null ? undefined : luggage.fd(pidfd, `the leader of group ${group}`);
      this.#pidfds.set(group, held);
    }
  }

  /** Remembers a group that the list shows in the session. */
  add(group: number, table: ProcessTable): void {
    if (this.#pidfds.get(group) !== undefined) return;
    this.#pidfds.set(group, this.#hold(group, table));
  }

  /**
   * Sends SIGKILL to everybody in all of them but `spared`, those that the list does not show included: the kernel lets
   * nobody in a group fork past a signal to all of it. True if anybody was there, zombies included.
   */
  kill(table: ProcessTable, spared: ReadonlySet<number>): boolean {
    let any = false;
    for (const [group, pidfd] of this.#pidfds) {
      if (!spared.has(group) && this.#killOne(group, pidfd, table)) any = true;
    }
    return any;
  }

  close(): void {
    for (const pidfd of this.#pidfds.values()) if (pidfd !== undefined) close(pidfd);
    this.#pidfds.clear();
  }

  #killOne(group: number, pidfd: number | undefined, table: ProcessTable): boolean {
    try {
      const reached = pidfd === undefined ? undefined : sendSignalToGroupOf(pidfd, SIGKILL);
      if (reached !== undefined) return reached;
      const isAnothers = table.all.some(
        (entry) => (entry.group === group || entry.pid === group) && entry.session !== this.#session,
      );
      return !isAnothers && sendSignal(-group, SIGKILL);
    } catch {
      // EPERM: nobody in it is ours to signal; the hang-up of its terminal reaches it.
      return false;
    }
  }

  #hold(group: number, table: ProcessTable): number | undefined {
    const leader = table.get(group);
    if (leader?.session !== this.#session || this.#pidfds.size > HELD_MAX) return undefined;
    const pidfd = openPidfd(group);
    // One that has the pid, and had it when the list was made, had it in between.
    if (pidfd === undefined || startTimeOf(group) === leader.startTime) return pidfd;
    close(pidfd);
    return undefined;
  }
}
