import { type ProcessEntry, sendSignal, signalNumber } from '@holdfast/posix';
import type { ProcessLister, ProcessTable } from './process-table.ts';
import { SessionGroups } from './session-groups.ts';
import type { Packing, Unpacking } from './luggage.ts';
import type { BegunKill } from './state-file.ts';
import type { SuspendedGroup, SuspendedKill } from './suspended-session.ts';

/** Whose processes, and whom to spare. */
export interface KillTarget {
  /** Pid of the session's leader; the kernel's session has the same number, also when the leader is gone. */
  readonly leader: number;
  /** Device number of the terminal; 0 if it is not known, or closed: the kernel gives the number to the next one. */
  terminal(): number;
  /** The client that asks: neither it nor its ancestors are signalled, unless they belong to the session themselves. */
  readonly callerPid: number | null;
}

/** How far a daemon before this one had come. */
export interface EarlierKill {
  readonly begun: BegunKill;
  /** What it has handed over beside; undefined after a crash: nobody has watched since. */
  readonly handedOver?: { readonly groups: readonly SuspendedGroup[]; readonly luggage: Unpacking };
}

export interface KillSurroundings {
  readonly clock: { after(ms: number, callback: () => void): unknown };
  readonly processes: ProcessLister;
  /** `progress` has changed. Resolves when that is saved, or can't be. */
  readonly changed: () => Promise<void>;
  /** Resolves unless somebody else goes on with it by now: nobody is to be signalled by both. */
  readonly whileServing: () => Promise<void>;
}

/** After the hang-up programs have a second to end by themselves; most need none of it, so it is looked in between. */
const GRACE_MS = [50, 150, 300, 500];
const ROUND_MS = 200;
/** A process that can't be killed for so long hangs in the kernel; nothing more can be done. */
const ROUNDS = 25;

/** What is to be signalled. */
interface Victims {
  readonly pids: readonly number[];
  /** Process groups of which nobody is spared. */
  readonly groups: readonly number[];
  /** Sends SIGKILL to all groups that were ever seen; false if nobody is in any of them. */
  killUnseen(): boolean;
}

/**
 * Ends what is left of a session: hang-up first, then SIGKILL again and again to whatever is found, since a process may
 * fork while we look; to whole groups, since the kernel lets nobody in one fork past a signal to all of it. Found are:
 * members of the kernel's session, processes with its terminal, and their descendants, which covers children that began a
 * session of their own but not daemons that have left their parents.
 */
export class TreeKill {
  readonly #target: KillTarget;
  readonly #surroundings: KillSurroundings;
  /** Once found, a process stays a target when its parent dies; pid and start time name it. */
  readonly #known = new Map<number, number>();
  readonly #groups: SessionGroups;
  #isHungUp = false;
  /**
   * Whether the kernel's session of that number is surely the one that is to end. It may have ended while no daemon lived, and
   * its number may be another's since.
   */
  #isSessionSure: boolean;

  constructor(target: KillTarget, surroundings: KillSurroundings, earlier?: EarlierKill) {
    this.#target = target;
    this.#surroundings = surroundings;
    this.#groups = new SessionGroups(target.leader);
    this.#isSessionSure = !earlier || earlier.handedOver !== undefined;
    if (!earlier) return;
    this.#isHungUp = earlier.begun.isHungUp;
    for (const { pid, startTime } of earlier.begun.known) this.#known.set(pid, startTime);
    if (earlier.handedOver) this.#groups.resume(earlier.handedOver.groups, earlier.handedOver.luggage);
  }

  /** For a successor. */
  suspend(luggage: Packing): SuspendedKill {
    return { ...this.progress, groups: this.#groups.suspend(luggage) };
  }

  /** For a daemon that comes after a crash. */
  get progress(): BegunKill {
    return {
      callerPid: this.#target.callerPid,
      isHungUp: this.#isHungUp,
      known: [...this.#known].map(([pid, startTime]) => ({ pid, startTime })),
    };
  }

  /** Resolves with the number of processes that could not be ended. */
  async run(): Promise<number> {
    try {
      return await this.#run();
    } finally {
      this.#groups.close();
    }
  }

  async #run(): Promise<number> {
    if (!this.#isHungUp) {
      const { pids } = await this.#find();
      // Before anything happens: whoever is asked to end it must not forget that.
      await this.#surroundings.changed();
      await this.#surroundings.whileServing();
      this.#hangUp(pids);
      void this.#surroundings.changed();
    }
    for (const ms of GRACE_MS) {
      await this.#delay(ms);
      if ((await this.#findAll()).pids.length === 0) return 0;
    }
    for (let round = 1; ; round += 1) {
      const { pids, groups } = await this.#findAll();
      if (pids.length === 0 || round > ROUNDS) return pids.length;
      signal(
        groups.map((group) => -group),
        'SIGKILL',
      );
      signal(pids, 'SIGKILL');
      await this.#delay(ROUND_MS);
    }
  }

  /**
   * Looks, and if nobody is to be seen, kills unseen and looks again: a chain in which each child takes over from its parent
   * is missed by a list that is read more slowly.
   */
  async #findAll(): Promise<Victims> {
    const found = await this.#find();
    return found.pids.length > 0 || !found.killUnseen() ? found : this.#find();
  }

  #hangUp(pids: readonly number[]): void {
    this.#isHungUp = true;
    signal(pids, 'SIGHUP');
    // A stopped process gets its SIGHUP only when it goes on.
    signal(pids, 'SIGCONT');
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.#surroundings.clock.after(ms, resolve));
  }

  async #find(): Promise<Victims> {
    const table = await this.#list();
    try {
      if (table) return this.#victims(table);
    } catch {
      // EMFILE: as without a list.
    }
    // No descriptors are left to look with: the program itself, at least, is known.
    const { leader } = this.#target;
    const killUnseen = () => false;
    return this.#isSessionSure && sendSignal(leader, 0)
      ? { pids: [leader], groups: [leader], killUnseen }
      : { pids: [], groups: [], killUnseen };
  }

  async #list(): Promise<ProcessTable | undefined> {
    const table = await this.#surroundings.processes.list().catch(() => undefined);
    await this.#surroundings.whileServing();
    return table;
  }

  #victims(table: ProcessTable): Victims {
    const { leader } = this.#target;
    const terminal = this.#target.terminal();
    const spared = this.#spared(table);
    const isKnown = ({ pid, startTime }: ProcessEntry) => this.#known.get(pid) === startTime;
    this.#isSessionSure ||= table.all.some((entry) => entry.session === leader && isKnown(entry));
    const isMember = ({ session }: ProcessEntry) => this.#isSessionSure && session === leader;
    const victims = new Map<number, ProcessEntry>();
    const add = (entry: ProcessEntry) => {
      if (victims.has(entry.pid) || spared.has(entry.pid) || entry.pid <= 1) return;
      victims.set(entry.pid, entry);
      for (const child of table.children(entry.pid)) add(child);
    };
    for (const entry of table.all) {
      const hasTerminal = terminal !== 0 && entry.terminal === terminal;
      if (isMember(entry) || hasTerminal || isKnown(entry)) add(entry);
    }
    const knownBefore = this.#known.size;
    for (const { pid, startTime } of victims.values()) this.#known.set(pid, startTime);
    if (this.#isHungUp && this.#known.size > knownBefore) void this.#surroundings.changed();
    const living = [...victims.values()].filter((entry) => !entry.isZombie);
    // A group lies within one session, so all of these are victims, too.
    const groups = new Set(living.filter(isMember).map(({ group }) => group));
    for (const group of groups) this.#groups.add(group, table);
    const sparedGroups = new Set(table.all.filter(({ pid }) => spared.has(pid)).map(({ group }) => group));
    return {
      pids: living.map(({ pid }) => pid),
      groups: [...groups].filter((group) => !sparedGroups.has(group)),
      killUnseen: () => this.#isSessionSure && this.#groups.kill(table, sparedGroups),
    };
  }

  /** This daemon, the caller, and their ancestors. */
  #spared(table: ProcessTable): Set<number> {
    const spared = new Set<number>();
    for (const { pid } of table.ancestry(process.pid)) spared.add(pid);
    if (this.#target.callerPid === null) return spared;
    for (const { pid, session } of table.ancestry(this.#target.callerPid)) {
      // From here on outwards they belong to the session that is to end.
      if (session === this.#target.leader) break;
      spared.add(pid);
    }
    return spared;
  }
}

function signal(pids: readonly number[], name: string): void {
  const number = signalNumber(name) ?? 0;
  for (const pid of pids) {
    try {
      sendSignal(pid, number);
    } catch {
      // EPERM: a set-uid program that is no longer ours to signal; the hang-up of its terminal reaches it.
    }
  }
}
