import { LIMITS } from '@holdfast/protocol';

/** One subscriber's right to hold back a program for a while. */
export interface Lease<Subscriber> {
  /** Everything before it has been handed to the subscriber's user. */
  offset: number;
  readonly leaseMs: number;
  /** Whose it is; null while its subscriber is away. */
  holder: Subscriber | null;
  /** When it began to run down; null while it stands at the end of the output. */
  idleSinceMs: number | null;
  hasExpired: boolean;
}

/**
 * The leases of one session. Pure: the clock is given.
 *
 *   acquire ──> held, at the end ──output──> held, running down ──acknowledged──> (again)
 *                                                 └──leaseMs without a word──> expired ──acknowledged──> held
 *   the subscriber goes away: the same, as an orphan; an orphan that expires is gone
 */
export class Leases<Subscriber> {
  readonly #leases = new Set<Lease<Subscriber>>();

  get all(): Iterable<Lease<Subscriber>> {
    return this.#leases;
  }

  /**
   * A lease from `offset` on. A subscriber takes over one that was orphaned at or before that offset, so that nothing was
   * read in between that the history could not keep; a lease without a holder, of a daemon before this one, stands beside
   * the others. undefined if there are too many.
   */
  acquire(lease: {
    offset: number;
    leaseMs: number;
    holder: Subscriber | null;
    end: number;
    nowMs: number;
  }): Lease<Subscriber> | undefined {
    const orphan = lease.holder === null ? undefined : this.#orphanFor(lease.offset);
    if (orphan) this.#leases.delete(orphan);
    if (this.#leases.size >= LIMITS.leasesPerSession && !this.#dropOldestOrphan()) return undefined;
    const acquired: Lease<Subscriber> = {
      offset: lease.offset,
      leaseMs: lease.leaseMs,
      holder: lease.holder,
      idleSinceMs: lease.offset < lease.end ? lease.nowMs : null,
      hasExpired: false,
    };
    this.#leases.add(acquired);
    return acquired;
  }

  /** Takes up a lease as a predecessor had it. */
  resume(lease: Lease<Subscriber>): Lease<Subscriber> {
    this.#leases.add(lease);
    return lease;
  }

  /** The subscriber has got everything before `offset`. */
  acknowledge(lease: Lease<Subscriber>, at: { offset: number; end: number; nowMs: number }): void {
    if (at.offset < lease.offset) return;
    // Said again, the same offset means that its user is slow and still wants the rest.
    if (at.offset === lease.offset && lease.hasExpired) return;
    lease.offset = at.offset;
    lease.hasExpired = false;
    lease.idleSinceMs = at.offset < at.end ? at.nowMs : null;
  }

  /** The output has grown: leases at its end begin to run down. */
  outputGrew(nowMs: number): void {
    for (const lease of this.#leases) lease.idleSinceMs ??= nowMs;
  }

  /** All that run down have so much more time. */
  postpone(ms: number): void {
    for (const lease of this.#leases) if (lease.idleSinceMs !== null) lease.idleSinceMs += ms;
  }

  /** The subscriber has gone without saying so. */
  orphan(lease: Lease<Subscriber>): void {
    lease.holder = null;
    if (lease.hasExpired) this.#leases.delete(lease);
  }

  /** The subscriber is done. */
  release(lease: Lease<Subscriber>): void {
    this.#leases.delete(lease);
  }

  /** Ends those that ran down; true if any did. */
  expire(nowMs: number): boolean {
    let any = false;
    for (const lease of this.#leases) {
      if (lease.hasExpired || lease.idleSinceMs === null || nowMs < lease.idleSinceMs + lease.leaseMs)
        continue;
      any = true;
      lease.hasExpired = true;
      if (lease.holder === null) this.#leases.delete(lease);
    }
    return any;
  }

  /** When the next one runs down; undefined if none does. */
  get nextExpiryMs(): number | undefined {
    let next: number | undefined;
    for (const lease of this.#leases) {
      if (lease.hasExpired || lease.idleSinceMs === null) continue;
      const expiryMs = lease.idleSinceMs + lease.leaseMs;
      if (next === undefined || expiryMs < next) next = expiryMs;
    }
    return next;
  }

  /** No output may be recorded beyond this offset: a history of `capacity` bytes would lose what a lease still needs. */
  limit(capacity: number): number {
    let limit = Number.POSITIVE_INFINITY;
    for (const lease of this.#leases) {
      if (!lease.hasExpired && lease.offset + capacity < limit) limit = lease.offset + capacity;
    }
    return limit;
  }

  get isEmpty(): boolean {
    return this.#leases.size === 0;
  }

  #orphanFor(offset: number): Lease<Subscriber> | undefined {
    let best: Lease<Subscriber> | undefined;
    for (const lease of this.#leases) {
      if (lease.holder !== null || lease.offset > offset) continue;
      if (!best || lease.offset > best.offset) best = lease;
    }
    return best;
  }

  #dropOldestOrphan(): boolean {
    for (const lease of this.#leases) {
      if (lease.holder !== null) continue;
      this.#leases.delete(lease);
      return true;
    }
    return false;
  }
}
