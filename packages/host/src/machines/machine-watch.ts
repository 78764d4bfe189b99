import { BUILD, type ErrorCode, HoldfastError, ownError, VERSION } from '@holdfast/protocol';
import { type FailureDocument, failureOf } from '../api/failure.ts';
import type { FleetDoor, FoundMachine } from './fleet-door.ts';
import { MachineDaemon } from './machine-daemon.ts';
import type { MachineView } from './machine-view.ts';
import type { SeenMachine } from './upgrade-runs.ts';

/** A machine that was not seen for so long can't be reached, whatever keeps this one from looking. */
const AWAY_MS = 8_000;
/** How often the fleet is looked at while somebody wants to know, at most so much of the time, and at least so often. */
const LOOK_MS = 1_000;
const LOOK_SHARE = 0.1;
const LOOK_MS_MAX = AWAY_MS;
/** After a look that has failed: it has cost nothing but time. */
const RETRY_MS = 1_500;
/** Where it may not be looked at: the servers of the fleet log each attempt. */
const REFUSED_MS = 5_000;
/** What a look may take, behind the pause before it, until nobody is taken for seen any more. */
const LATE_MS = 2_000;
/** One that was not seen for so long is forgotten. */
const FORGOTTEN_MS = 24 * 3_600_000;
/** How many machines are asked at once which daemon runs there. */
const ASKED_AT_ONCE = 8;

interface Known {
  found: FoundMachine;
  /** When it was there last, ms since 1970. */
  seenAt: number;
  isListed: boolean;
  readonly daemon: MachineDaemon;
  /** As listeners have been told of it; undefined if they have not. */
  told: { readonly rest: string; readonly sessions: FoundMachine['sessions'] } | undefined;
}

export type MachineChange =
  /** At the beginning, and whenever another one is there, one is forgotten, or the fleet can't be looked at: all names. */
  | {
      readonly type: 'machines';
      readonly names: readonly string[];
      readonly problem: FailureDocument | null;
    }
  | { readonly type: 'machine'; readonly machine: MachineView };

/** Which machines the fleet has, as far as is known; looks while somebody listens. */
export class MachineWatch {
  readonly #door: FleetDoor;
  readonly #onSeen: (name: string, seen: SeenMachine) => void;
  readonly #known = new Map<string, Known>();
  readonly #listeners = new Set<(change: MachineChange) => void>();
  /** Why the fleet can't be looked at. */
  #problem: unknown;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How long after the last look the next one is. */
  #pauseMs = LOOK_MS;
  /** Whether there was a look since somebody listens again: what was known before is old, and not told. */
  #hasLooked = false;
  /** No look has succeeded for so long that nobody is known to be there any more. */
  #isBlind = false;
  #blindTimer: NodeJS.Timeout | undefined;
  #asking = 0;
  #isClosed = false;

  constructor(door: FleetDoor, onSeen: (name: string, seen: SeenMachine) => void = () => {}) {
    this.#door = door;
    this.#onSeen = onSeen;
    this.#note(ownMachine(door.ownName), Date.now());
  }

  /**
   * Tells of all there is, and then of each change; returns what ends that. Of other machines nothing is told before there was a
   * look: nobody may have looked for hours.
   */
  listen(listener: (change: MachineChange) => void): () => void {
    const isFirst = this.#listeners.size === 0;
    if (isFirst) this.#begin();
    for (const known of this.#known.values()) this.#tellIfNew(known);
    this.#listeners.add(listener);
    listener(this.#names());
    for (const known of this.#known.values())
      if (this.#mayTell(known)) listener({ type: 'machine', machine: this.#view(known) });
    if (isFirst) void this.#lookOn();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      clearTimeout(this.#blindTimer);
    };
  }

  /** What there is now. Throws HoldfastError if the fleet can't be looked at. */
  async list(): Promise<MachineView[]> {
    await this.#look();
    if (this.#problem !== undefined) throw this.#problem;
    return [...this.#known.values()].map((known) => this.#view(known));
  }

  /** Its daemon may be another one by now. */
  askAgain(machine: string): void {
    const known = this.#known.get(machine);
    if (!known) return;
    known.daemon.askAgain();
    this.#askDaemons();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#blindTimer);
    this.#listeners.clear();
  }

  /** Somebody listens, after a time in which nobody did: that nobody was seen meanwhile means nothing. */
  #begin(): void {
    this.#hasLooked = false;
    for (const known of this.#known.values()) known.told = undefined;
    this.#see(AWAY_MS);
  }

  /** For so long what was seen holds. */
  #see(forMs: number): void {
    this.#isBlind = false;
    clearTimeout(this.#blindTimer);
    this.#blindTimer = setTimeout(() => {
      this.#isBlind = true;
      this.#tellAll();
    }, forMs);
  }

  async #lookOn(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#look();
    if (this.#listeners.size === 0 || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookOn(), this.#pauseMs);
  }

  /** Never throws; one look is for all who want one meanwhile. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const before = JSON.stringify(this.#names());
    const began = performance.now();
    try {
      const found = await this.#door.hosts();
      const now = Date.now();
      const names = new Set(found.map(({ name }) => name));
      for (const machine of found) this.#note(machine, now);
      for (const [name, known] of this.#known) {
        known.isListed = names.has(name) || this.#isOwn(name);
        if (now - known.seenAt > FORGOTTEN_MS && !known.isListed) this.#known.delete(name);
      }
      this.#problem = undefined;
      const tookMs = performance.now() - began;
      this.#pauseMs = Math.min(LOOK_MS_MAX, Math.max(LOOK_MS, tookMs / LOOK_SHARE));
      this.#isBlind = false;
      if (this.#listeners.size > 0) this.#see(Math.max(AWAY_MS, this.#pauseMs + LATE_MS));
    } catch (error) {
      this.#problem = ownError(error);
      this.#pauseMs = hasCode(this.#problem, 'E_FORBIDDEN') ? REFUSED_MS : RETRY_MS;
    }
    const names = this.#names();
    if (JSON.stringify(names) !== before) this.#tell(names);
    this.#tellAll();
    this.#askDaemons();
  }

  #note(found: FoundMachine, now: number): void {
    const known = this.#known.get(found.name);
    if (!known) {
      const daemon = new MachineDaemon(found.name, this.#door);
      this.#known.set(found.name, { found, seenAt: now, isListed: true, daemon, told: undefined });
      return this.#onSeen(found.name, { instance: found.lease.instance, running: null });
    }
    if (known.found.lease.instance !== found.lease.instance) known.daemon.askAgain();
    const { sessions } = known.found;
    known.found = isSame(sessions, found.sessions) ? { ...found, sessions } : found;
    known.seenAt = now;
    return this.#tellSeen(known);
  }

  /** Of those that can be reached, the ones that were not asked for the longest. */
  #askDaemons(): void {
    const due = [...this.#known.values()]
      .filter((known) => known.daemon.isDue && this.#isReachable(known))
      .toSorted((one, other) => MachineDaemon.longestUnasked(one.daemon, other.daemon));
    for (const known of due.slice(0, ASKED_AT_ONCE - this.#asking)) void this.#askDaemon(known);
  }

  async #askDaemon(known: Known): Promise<void> {
    this.#asking += 1;
    await known.daemon.ask();
    this.#asking -= 1;
    this.#tellSeen(known);
    this.#tellIfNew(known);
    if (this.#listeners.size > 0) this.#askDaemons();
  }

  #tellSeen({ found, daemon }: Known): void {
    this.#onSeen(found.name, { instance: found.lease.instance, running: daemon.running });
  }

  #tellAll(): void {
    this.#hasLooked = true;
    for (const known of this.#known.values()) this.#tellIfNew(known);
  }

  #mayTell({ found }: Known): boolean {
    return this.#hasLooked || this.#isOwn(found.name);
  }

  #tellIfNew(known: Known): void {
    if (!this.#mayTell(known)) return;
    const machine = this.#view(known);
    const { sessions } = known.found;
    // There may be thousands of them, and a look is taken each second.
    const rest = JSON.stringify({ ...machine, sessions: [] });
    if (rest === known.told?.rest && sessions === known.told.sessions) return;
    known.told = { rest, sessions };
    this.#tell({ type: 'machine', machine });
  }

  #tell(change: MachineChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #names(): MachineChange {
    const problem = this.#problem === undefined ? null : failureOf(this.#problem);
    return { type: 'machines', names: [...this.#known.keys()], problem };
  }

  #view(known: Known): MachineView {
    const { found, seenAt, daemon } = known;
    const { name, lease, sessions, omitted } = found;
    const reachable = this.#isReachable(known);
    return {
      name,
      isOwn: this.#isOwn(name),
      reachable,
      lastSeenAt: reachable ? null : new Date(seenAt).toISOString(),
      hostname: lease.machine,
      home: lease.home,
      version: lease.version,
      build: lease.build,
      since: lease.since,
      daemon: daemon.told,
      mayOperate: daemon.mayOperate,
      sessions: [...sessions],
      omitted,
    };
  }

  #isReachable({ found, isListed }: Known): boolean {
    return this.#isOwn(found.name) || (isListed && !this.#isBlind);
  }

  #isOwn(name: string): boolean {
    return name === this.#door.ownName;
  }
}

function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof HoldfastError && error.code === code;
}

/** Whether it is the same list, or says the same. */
function isSame(one: FoundMachine['sessions'], other: FoundMachine['sessions']): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Whatever the fleet says: this machine is there, since it serves. */
function ownMachine(name: string): FoundMachine {
  const lease = {
    instance: '',
    machine: '',
    home: '',
    version: VERSION,
    build: BUILD,
    since: new Date().toISOString(),
  };
  return { name, lease, sessions: [], omitted: 0 };
}
