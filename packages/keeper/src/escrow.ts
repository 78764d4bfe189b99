import { close, type ExitStatus, sendSignal } from '@holdfast/posix';
import { KEEPER_LIMITS } from '@holdfast/protocol/keeper';

/** A descriptor that is held for the daemon. */
export interface Held {
  readonly name: string;
  readonly fd: number;
  /** The session's first process, whose exit status is kept. */
  readonly pid: number | undefined;
}

/** How the first process of a session has ended; nobody has recorded it yet. */
export interface Exited {
  readonly pid: number;
  /** The session's. */
  readonly name: string;
  readonly status: ExitStatus;
}

/** The first process of a session whose descriptor was let go of; how it ends is still to be kept. */
export interface Dropped {
  readonly pid: number;
  /** The session's. */
  readonly name: string;
}

/** What an earlier keeper in this process had. */
export interface EscrowParts {
  readonly held?: readonly Held[];
  readonly exited?: readonly Exited[];
  readonly dropped?: readonly Dropped[];
}

/** The descriptors and exit statuses that must outlive a daemon. */
export class Escrow {
  readonly #held: Map<string, Held>;
  readonly #exited: Map<number, Exited>;
  /** By pid. */
  readonly #dropped: Map<number, Dropped>;

  constructor({ held = [], exited = [], dropped = [] }: EscrowParts = {}) {
    this.#held = new Map(held.map((one) => [one.name, one]));
    this.#exited = new Map(exited.map((one) => [one.pid, one]));
    this.#dropped = new Map(dropped.map((one) => [one.pid, one]));
  }

  get held(): Held[] {
    return [...this.#held.values()];
  }

  get exited(): Exited[] {
    return [...this.#exited.values()];
  }

  get dropped(): Dropped[] {
    return [...this.#dropped.values()];
  }

  /** Takes the descriptor over, in place of what had its name. False if that is one too many; it is closed then. */
  hold(held: Held): boolean {
    this.drop(held.name);
    if (this.#held.size >= KEEPER_LIMITS.held) {
      close(held.fd);
      return false;
    }
    this.#held.set(held.name, held);
    // A pid comes again when its process is long gone, but not to the same session.
    if (held.pid !== undefined) this.#dropped.delete(held.pid);
    if (held.pid !== undefined && this.#exited.get(held.pid)?.name !== held.name) this.taken(held.pid);
    return true;
  }

  drop(name: string): void {
    const held = this.#held.get(name);
    if (!held) return;
    this.#held.delete(name);
    close(held.fd);
    // One that is not there was reaped: here before, or by the daemon whose child it was.
    if (held.pid === undefined || this.#exited.has(held.pid) || !isThere(held.pid)) return;
    this.#dropped.set(held.pid, { pid: held.pid, name });
    const [oldest] = this.#dropped.keys();
    if (oldest !== undefined && this.#dropped.size > KEEPER_LIMITS.statuses) this.#dropped.delete(oldest);
  }

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /** Whether exactly this is still held: its descriptor is closed otherwise. */
  isHeld(held: Held): boolean {
    return this.#held.get(held.name) === held;
  }

  /** Keeps the status of a process that has ended, if it is that of a session; false otherwise. */
  record(pid: number, status: ExitStatus): boolean {
    const name = this.held.find((held) => held.pid === pid)?.name ?? this.#dropped.get(pid)?.name;
    if (name === undefined) return false;
    this.keep({ pid, name, status });
    return true;
  }

  /** Keeps a status that a daemon has learned, or that was learned here. */
  keep(exited: Exited): void {
    this.#dropped.delete(exited.pid);
    this.#exited.set(exited.pid, exited);
    const [oldest] = this.#exited.keys();
    if (oldest !== undefined && this.#exited.size > KEEPER_LIMITS.statuses) this.#exited.delete(oldest);
  }

  taken(pid: number): void {
    this.#exited.delete(pid);
    this.#dropped.delete(pid);
  }
}

function isThere(pid: number): boolean {
  try {
    return sendSignal(pid, 0);
  } catch {
    // EPERM: it is there, as another user.
    return true;
  }
}
