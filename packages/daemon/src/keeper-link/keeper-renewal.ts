import type { Reactor, Timer } from '@holdfast/posix';
import type { DaemonStart } from '@holdfast/protocol/keeper';
import type { Log } from '../log.ts';
import type { KeeperLink } from './keeper-link.ts';
import { type KeeperProgram, NewKeeper } from './new-keeper.ts';

/** Before another keeper is tried, if the last one died at once or none could be started: the system lacks something. */
const RETRY_MS = 1_000;
/** Before a further hand-over under a new keeper, if the first has failed: as the upgrade that it had met does; twice as long each time. */
const SUCCEED_RETRY_MS = 250;
const SUCCEED_RETRY_MAX_MS = 16_000;

export interface KeeperRenewalSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  readonly keeper: KeeperLink;
  /** How this daemon was started, but for its own arguments. */
  readonly daemon: DaemonStart;
  readonly ownArguments: readonly string[];
  readonly isStopping: () => boolean;
  /** Gives the keeper everything that it is to hold. */
  readonly holdAgain: () => void;
  /** Hands over to another process of this same build. */
  readonly succeedMyself: () => Promise<unknown>;
}

/**
 * Sees to it that there is a keeper. One that is lost is replaced, and the new one starts a successor of this daemon, whose parent it
 * is: a program's status is its parent's to know.
 */
export class KeeperRenewal {
  readonly #surroundings: KeeperRenewalSurroundings;
  /** Children of this process: one that is replaced may not have been waited for. */
  #children: NewKeeper[] = [];
  #startedMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(surroundings: KeeperRenewalSurroundings) {
    this.#surroundings = surroundings;
  }

  /** The keeper is gone. */
  lost(): void {
    const { reactor, keeper, isStopping } = this.#surroundings;
    this.#timer?.cancel();
    // An upgrade may have brought one meanwhile.
    if (isStopping() || !keeper.mayBeReplaced) return;
    const sinceMs = performance.now() - this.#startedMs;
    if (sinceMs >= RETRY_MS && this.start()) return this.#succeedMyself(SUCCEED_RETRY_MS);
    this.#timer = reactor.after(RETRY_MS, () => this.lost());
  }

  /** Starts a keeper and gives it everything; false if that can't be done. */
  start(program?: KeeperProgram): boolean {
    const { log, keeper, daemon, ownArguments, holdAgain } = this.#surroundings;
    this.#startedMs = performance.now();
    try {
      const { keeper: child, fd } = NewKeeper.start(daemon, ownArguments, program);
      this.#children.push(child);
      log('keeper.started', { pid: child.pid });
      keeper.replace({ fd, pid: child.pid });
    } catch (error) {
      log('keeper.start-failed', { error: String(error) });
      return false;
    }
    holdAgain();
    return true;
  }

  /** Some child of this process has ended. */
  childEnded(): void {
    this.#children = this.#children.filter((keeper) => keeper.isLeftWhenChildEnded());
  }

  #succeedMyself(retryMs: number): void {
    const { reactor, log, keeper, isStopping, succeedMyself } = this.#surroundings;
    succeedMyself().catch((error: unknown) => {
      log('keeper.not-parent', { error: String(error) });
      if (isStopping()) return;
      // Its failure is no harm: what is missing is the status of a program that outlives this daemon.
      reactor.after(retryMs, () => {
        if (keeper.mustSpawn && keeper.isThere)
          this.#succeedMyself(Math.min(2 * retryMs, SUCCEED_RETRY_MAX_MS));
      });
    });
  }
}
