import type { Timer } from '@holdfast/posix';
import { HoldfastError, LIMITS } from '@holdfast/protocol';
import type { History } from '../history/history.ts';
import { Leases } from './leases.ts';
import { type Subscription, suspendLease } from './subscription.ts';
import type { SuspendedLease } from './suspended-session.ts';

/** How far the leader may be behind while the program runs on: what is in flight to a terminal that keeps up. */
const LEADER_WINDOW_BYTES = 256 * 1024;
/**
 * Room in the history that leases leave free: what the kernel still holds when the program ends is read at once, without
 * waiting for anybody, and must not push out what a lease keeps. A terminal of Linux holds less than this.
 */
const END_RESERVE_BYTES = 32 * 1024;

export type Holder = 'leader' | 'lease';

/**
 * Who may hold a program back, and for how long.
 *
 * The leader paces the program as a real terminal does, but a leader that does not get on for its patience counts as
 * behind, and the program runs on. An exact subscriber's lease keeps what it has not acknowledged in the history, until
 * it runs down. Everybody else has a cursor and no say.
 */
export class Pace {
  readonly #history: History;
  readonly #after: (ms: number, callback: () => void) => Timer;
  readonly #release: () => void;
  readonly #leases = new Leases<Subscription>();
  #leader: Subscription | undefined;
  #heldBy: Holder | undefined;
  #patience: Timer | undefined;
  #expiry: { readonly atMs: number; readonly timer: Timer } | undefined;

  /** `release` is called when a program that was held back may go on, also from within calls to this object. */
  constructor(history: History, after: (ms: number, callback: () => void) => Timer, release: () => void) {
    this.#history = history;
    this.#after = after;
    this.#release = release;
  }

  /** Who holds the program back at this moment. */
  get heldBy(): Holder | undefined {
    return this.#heldBy;
  }

  /** Output must not be recorded beyond this offset now. */
  get limit(): number {
    return Math.min(this.#leaseLimit, this.#leaderLimit);
  }

  /** The leases as a successor needs them. */
  get leases(): { offset: number; leaseMs: number }[] {
    return [...this.#leases.all].map(({ offset, leaseMs }) => ({ offset, leaseMs }));
  }

  /** The subscriber whose lease holds the program back; null if it is away. */
  get leaseHolder(): Subscription | null {
    const limit = this.#leaseLimit;
    for (const lease of this.#leases.all) {
      if (!lease.hasExpired && lease.offset + this.#leaseBytes === limit) return lease.holder;
    }
    return null;
  }

  /** Reading has come to the limit: whoever set it holds the program back until they get on, or lose their right to. */
  hold(): void {
    this.#heldBy = this.#history.end >= this.#leaseLimit ? 'lease' : 'leader';
    if (this.#heldBy === 'leader' && this.#leader) this.#armPatience(this.#leader, performance.now());
  }

  /** Output was recorded. */
  outputGrew(nowMs: number): void {
    if (this.#leases.isEmpty) return;
    this.#leases.outputGrew(nowMs);
    this.#armExpiry(nowMs);
  }

  // The leader

  leaderChanged(leader: Subscription | undefined): void {
    this.#leader = leader;
    this.#patience?.cancel();
    this.#patience = undefined;
    if (leader) leader.lastProgressMs = performance.now();
    if (this.#heldBy === 'leader') this.#letGo();
  }

  /** A subscription was sent something; only the leader's matters. */
  progressed(subscription: Subscription): void {
    if (subscription !== this.#leader) return;
    subscription.lastProgressMs = performance.now();
    if (this.#heldBy === 'leader') this.#letGo();
  }

  // Leases

  /** Gives an exact subscriber its lease. Throws HoldfastError(E_LIMIT). */
  grant(subscription: Subscription, leaseMs: number): void {
    const { start, end } = this.#history;
    const offset = Math.max(subscription.cursor, start);
    const nowMs = performance.now();
    subscription.lease = this.#leases.acquire({ offset, leaseMs, holder: subscription, end, nowMs });
    if (!subscription.lease) {
      throw new HoldfastError(
        'E_LIMIT',
        `${LIMITS.leasesPerSession} exact subscribers are attached to this session`,
      );
    }
    this.#leasesChanged(nowMs);
  }

  /** Takes up the leases of subscribers that a daemon before this one had. */
  restore(leases: readonly { offset: number; leaseMs: number }[]): void {
    const { start, end } = this.#history;
    const nowMs = performance.now();
    for (const { offset, leaseMs } of leases) {
      this.#leases.acquire({ offset: Math.max(offset, start), leaseMs, holder: null, end, nowMs });
    }
    this.#armExpiry(nowMs);
  }

  /** Takes up a lease as a predecessor had it; a holder of null = its subscriber is away. */
  resume(holder: Subscription | null, { offset, leaseMs, idleForMs, hasExpired }: SuspendedLease): void {
    const nowMs = performance.now();
    const idleSinceMs = idleForMs === null ? null : nowMs - idleForMs;
    const lease = this.#leases.resume({ offset, leaseMs, holder, hasExpired, idleSinceMs });
    if (holder) holder.lease = lease;
    this.#armExpiry(nowMs);
  }

  /** For so long nobody could have got on: it does not count as standing still. */
  wasFrozen(ms: number): void {
    this.#leases.postpone(ms);
    if (this.#leader) this.#leader.lastProgressMs += ms;
  }

  /** The leases of subscribers that are away, for a successor. */
  suspendOrphans(): SuspendedLease[] {
    return [...this.#leases.all].filter((lease) => lease.holder === null).map(suspendLease);
  }

  /** The subscriber's user has everything before `offset`; one that was never sent is not believed. */
  acknowledge(subscription: Subscription, offset: number): void {
    if (!subscription.lease || offset > subscription.cursor) return;
    const nowMs = performance.now();
    this.#leases.acknowledge(subscription.lease, { offset, end: this.#history.end, nowMs });
    this.#leasesChanged(nowMs);
  }

  /** The subscriber has gone; if it is only away, its lease goes on running down. */
  leave(subscription: Subscription, isAway: boolean): void {
    if (!subscription.lease) return;
    if (isAway) this.#leases.orphan(subscription.lease);
    else this.#leases.release(subscription.lease);
    this.#leasesChanged(performance.now());
  }

  /** There will be no more output: nobody holds anything back. */
  end(): void {
    for (const lease of this.#leases.all) this.#leases.release(lease);
    this.#heldBy = undefined;
    this.#patience?.cancel();
    this.#expiry?.timer.cancel();
  }

  /** How far the output may be ahead of a lease. */
  get #leaseBytes(): number {
    return this.#history.capacity - END_RESERVE_BYTES;
  }

  get #leaseLimit(): number {
    return this.#leases.limit(this.#leaseBytes);
  }

  get #leaderLimit(): number {
    const leader = this.#leader;
    return leader && !leader.isBehind ? leader.cursor + LEADER_WINDOW_BYTES : Number.POSITIVE_INFINITY;
  }

  #letGo(): void {
    this.#heldBy = undefined;
    this.#release();
  }

  #leasesChanged(nowMs: number): void {
    this.#armExpiry(nowMs);
    if (this.#heldBy === 'lease') this.#letGo();
  }

  #armPatience(leader: Subscription, nowMs: number): void {
    if (this.#patience) return;
    const waitMs = leader.lastProgressMs + LIMITS.leaderPatienceMs - nowMs;
    this.#patience = this.#after(Math.max(0, waitMs), () => {
      this.#patience = undefined;
      if (this.#heldBy !== 'leader' || leader !== this.#leader) return;
      const laterMs = performance.now();
      if (laterMs - leader.lastProgressMs < LIMITS.leaderPatienceMs)
        return this.#armPatience(leader, laterMs);
      leader.isBehind = true;
      this.#letGo();
    });
  }

  /** One timer for all leases; where it comes too early, since one was renewed, it is set again. */
  #armExpiry(nowMs: number): void {
    const atMs = this.#leases.nextExpiryMs;
    if (atMs === undefined || (this.#expiry && this.#expiry.atMs <= atMs)) return;
    this.#expiry?.timer.cancel();
    const timer = this.#after(Math.max(0, atMs - nowMs), () => {
      this.#expiry = undefined;
      const laterMs = performance.now();
      if (this.#leases.expire(laterMs)) this.#leasesChanged(laterMs);
      else this.#armExpiry(laterMs);
    });
    this.#expiry = { atMs, timer };
  }
}
