import type { Reactor, Timer } from '@holdfast/posix';
import { HoldfastError } from '@holdfast/protocol';

/** A connection on which an upgrade was asked for. */
export interface Requester {
  /** Whether its other side has closed it; also while it is not read. */
  readonly hasLeft: boolean;
}

interface Waiting {
  readonly requester: Requester;
  readonly deadlineNs: bigint;
  /** How long it wanted to wait. */
  readonly forMs: number;
  readonly timer: Timer;
  readonly reject: (reason: HoldfastError) => void;
}

/**
 * Those who wait for one upgrade, each until its own deadline and as long as its connection lasts. An upgrade for which nobody
 * waits any more is given up.
 */
export class Requesters {
  readonly #reactor: Reactor;
  readonly #giveUp: (reason: HoldfastError) => void;
  readonly #waiting = new Set<Waiting>();

  constructor(reactor: Reactor, giveUp: (reason: HoldfastError) => void) {
    this.#reactor = reactor;
    this.#giveUp = giveUp;
  }

  /**
   * Joins the upgrade. Never resolves: the successor answers. Rejects as the upgrade does, which must have a handler for that;
   * or with HoldfastError(E_TIMEOUT) at its own deadline, while others still wait.
   */
  add(requester: Requester, deadlineNs: bigint, upgrade: Promise<never>): Promise<never> {
    const forMs = Math.max(0, Number((deadlineNs - process.hrtime.bigint()) / 1_000_000n));
    const own = new Promise<never>((_resolve, reject) => {
      const timer = this.#reactor.after(forMs, () => this.#expired(waiting));
      const waiting: Waiting = { requester, deadlineNs, forMs, timer, reject };
      this.#waiting.add(waiting);
    });
    return Promise.race([own, upgrade]);
  }

  /** Looks who is still there and in time. */
  check(): void {
    const nowNs = process.hrtime.bigint();
    for (const waiting of Array.from(this.#waiting)) {
      if (waiting.requester.hasLeft) this.#left(waiting);
      else if (waiting.deadlineNs <= nowNs) this.#expired(waiting);
    }
  }

  /** The upgrade is over. */
  dispose(): void {
    for (const waiting of Array.from(this.#waiting)) this.#remove(waiting);
  }

  #left(waiting: Waiting): void {
    this.#remove(waiting);
    if (this.#waiting.size > 0) return;
    this.#giveUp(new HoldfastError('E_DISCONNECTED', 'whoever asked for the upgrade has gone'));
  }

  #expired(waiting: Waiting): void {
    this.#remove(waiting);
    if (this.#waiting.size === 0) {
      const why = `the successor was not ready within ${waiting.forMs} ms`;
      return this.#giveUp(new HoldfastError('E_UPGRADE_TIMEOUT', why));
    }
    const why = 'the upgrade goes on for others who asked for it, and is not done yet';
    waiting.reject(new HoldfastError('E_TIMEOUT', why));
  }

  #remove(waiting: Waiting): void {
    waiting.timer.cancel();
    this.#waiting.delete(waiting);
  }
}
