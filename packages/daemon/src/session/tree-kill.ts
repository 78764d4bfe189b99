import { listProcesses, type ProcessEntry, sendSignal, signalNumber } from '@holdfast/posix';

/** Whose processes, and whom to spare. */
export interface KillTarget {
  /** Pid of the session's leader; the kernel's session has the same number, also when the leader is gone. */
  readonly leader: number;
  /** Device number of the terminal. */
  readonly terminal: number;
  /** The client that asks: neither it nor its ancestors are signalled, unless they belong to the session themselves. */
  readonly callerPid: number | null;
}

interface Clock {
  after(ms: number, callback: () => void): unknown;
}

/** Between the hang-up and the first round of force, and between rounds. */
const GRACE_MS = 1_000;
const ROUND_MS = 200;
/** A process that can't be killed for so long hangs in the kernel; nothing more can be done. */
const ROUNDS = 25;

/**
 * Ends what is left of a session: hang-up first, then SIGKILL again and again to whatever is found, since a process may
 * fork while we look. Found are: members of the kernel's session, processes with its terminal, and their descendants,
 * which covers children that began a session of their own but not daemons that have left their parents.
 */
export class TreeKill {
  readonly #target: KillTarget;
  readonly #clock: Clock;
  readonly #finished: (left: number) => void;
  /** Once found, a process stays a target when its parent dies; pid and start time name it. */
  readonly #known = new Map<number, number>();
  #round = 0;

  /** `finished` is called once, with the number of processes that could not be ended. */
  constructor(target: KillTarget, clock: Clock, finished: (left: number) => void) {
    this.#target = target;
    this.#clock = clock;
    this.#finished = finished;
  }

  start(): void {
    this.#run((victims) => {
      for (const victim of victims) {
        signal(victim.pid, 'SIGHUP');
        // A stopped process gets its SIGHUP only when it goes on.
        signal(victim.pid, 'SIGCONT');
      }
    });
    this.#next(GRACE_MS);
  }

  #next(delayMs: number): void {
    this.#clock.after(delayMs, () => this.#forceRound());
  }

  #forceRound(): void {
    this.#round += 1;
    this.#run((victims) => {
      for (const victim of victims) signal(victim.pid, 'SIGKILL');
      if (victims.length === 0 || this.#round >= ROUNDS) this.#finished(victims.length);
      else this.#next(ROUND_MS);
    });
  }

  #run(act: (victims: ProcessEntry[]) => void): void {
    listProcesses().then(
      (processes) => act(this.#victims(processes)),
      // The list can't be had (no descriptors left): the next round tries again.
      () => (this.#round >= ROUNDS ? this.#finished(0) : this.#next(ROUND_MS)),
    );
  }

  #victims(processes: readonly ProcessEntry[]): ProcessEntry[] {
    const { leader, terminal } = this.#target;
    const spared = this.#spared(processes);
    const isMember = (entry: ProcessEntry) =>
      entry.session === leader ||
      (terminal !== 0 && entry.terminal === terminal) ||
      this.#known.get(entry.pid) === entry.startTime;
    const victims = new Map<number, ProcessEntry>();
    const childrenOf = byParent(processes);
    const add = (entry: ProcessEntry) => {
      if (victims.has(entry.pid) || spared.has(entry.pid) || entry.pid <= 1) return;
      victims.set(entry.pid, entry);
      for (const child of childrenOf.get(entry.pid) ?? []) add(child);
    };
    for (const entry of processes) if (isMember(entry)) add(entry);
    for (const { pid, startTime } of victims.values()) this.#known.set(pid, startTime);
    return [...victims.values()].filter((entry) => !entry.isZombie);
  }

  /** This daemon, the caller, and their ancestors. */
  #spared(processes: readonly ProcessEntry[]): Set<number> {
    const byPid = new Map(processes.map((entry) => [entry.pid, entry]));
    const spared = new Set<number>();
    const spare = (from: number, stopAtSession: boolean) => {
      for (let entry = byPid.get(from); entry && !spared.has(entry.pid); entry = byPid.get(entry.parent)) {
        if (stopAtSession && entry.session === this.#target.leader) break;
        spared.add(entry.pid);
      }
    };
    spare(process.pid, false);
    if (this.#target.callerPid !== null) spare(this.#target.callerPid, true);
    return spared;
  }
}

function signal(pid: number, name: string): void {
  try {
    sendSignal(pid, signalNumber(name) ?? 0);
  } catch {
    // EPERM: a set-uid program that is no longer ours to signal; the hang-up of its terminal reaches it.
  }
}

function byParent(processes: readonly ProcessEntry[]): Map<number, ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of processes) {
    const siblings = children.get(entry.parent);
    if (siblings) siblings.push(entry);
    else children.set(entry.parent, [entry]);
  }
  return children;
}
