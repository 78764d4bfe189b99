import { type ExitStatus, exitNow, type Reactor, type Timer } from '@holdfast/posix';
import type { DaemonStart, Role } from '@holdfast/protocol/keeper';
import { failuresAfter, pauseAfter } from './budget.ts';
import { Daemon, type DaemonParts } from './daemon.ts';
import type { Escrow } from './escrow.ts';
import { launchDaemon, type Launched, openLog, type Starter } from './launch.ts';
import { log, writeLog } from './log.ts';
import type { KeeperOptions } from './options.ts';
import { SUCCESSION, type Succession, type SuccessionEvent } from './succession.ts';

export interface DaemonsSurroundings {
  readonly options: KeeperOptions;
  readonly reactor: Reactor;
  readonly escrow: Escrow;
  readonly wake: () => void;
  /** Whether another keeper has the home by now. */
  readonly isSuperseded: () => boolean;
}

/** What is known of the daemons but for themselves; a later keeper in this process goes on with it. */
export interface Standing {
  succession: Succession;
  /** What to start, while no daemon is current. */
  start: DaemonStart;
  failures: number;
  isHolding: boolean;
  /** A time of day; null while it does not hold. */
  heldSince: string | null;
  /** Why it is held, or how the last daemon ended. */
  reason: string | null;
}

/** Before the first daemon. */
export function nobody(start: DaemonStart): Standing {
  return { succession: 'none', start, failures: 0, isHolding: false, heldSince: null, reason: null };
}

/** The daemons of a home: the current one, and beside it a successor, or a predecessor that has not ended yet. */
export class Daemons {
  readonly standing: Standing;
  readonly #surroundings: DaemonsSurroundings;
  #current: Daemon | undefined;
  #other: Daemon | undefined;
  /** Before the next start. */
  #pause: Timer | undefined;

  constructor(standing: Standing, surroundings: DaemonsSurroundings) {
    this.standing = standing;
    this.#surroundings = surroundings;
  }

  get current(): Daemon | undefined {
    return this.#current;
  }

  get other(): Daemon | undefined {
    return this.#other;
  }

  get all(): Daemon[] {
    return [this.#current, this.#other].filter((daemon) => daemon !== undefined);
  }

  roleOf(daemon: Daemon): Role {
    if (daemon === this.#current) return 'current';
    return this.standing.succession === 'succeeded' ? 'predecessor' : 'successor';
  }

  /** Takes up those that an earlier keeper in this process had. */
  takeUp(current: DaemonParts | undefined, other: DaemonParts | undefined): void {
    this.#current = current && this.#daemon(current);
    this.#other = other && this.#daemon(other);
    if (!current && !this.standing.isHolding) this.launch();
  }

  /** A daemon runs and is current from now on. */
  begin(parts: DaemonParts): void {
    this.#current = this.#daemon({ ...parts, start: this.standing.start });
    this.#step('started');
    log('daemon-started', { pid: parts.pid });
    this.#surroundings.wake();
  }

  /** Starts the daemon that is to be current. Lets go of the starter when it has. */
  launch(starter?: Starter): void {
    const { options } = this.#surroundings;
    this.#pause = undefined;
    openLog(options.stateDir);
    let launched: Launched | undefined;
    try {
      launched = launchDaemon(this.standing.start, options, starter);
    } catch (error) {
      this.standing.reason = `${this.standing.start.node} could not be started: ${String(error)}`;
      log('launch-failed', { reason: this.standing.reason });
      starter?.fail(this.standing.reason);
    }
    starter?.close();
    if (launched) this.begin(launched);
    else this.#failed(undefined);
  }

  /** Forgets the failures and starts this one, if none is current. */
  resume(start: DaemonStart): void {
    if (this.#current) return;
    this.#pause?.cancel();
    Object.assign(this.standing, { start, failures: 0, isHolding: false, heldSince: null });
    this.launch();
  }

  /** Nobody serves until the successor has asked and heard that it may. */
  get isAwaited(): boolean {
    return this.standing.succession === 'adopted';
  }

  get mayOffer(): boolean {
    return SUCCESSION[this.standing.succession].channel !== undefined;
  }

  /** A successor has a channel. One that had a channel before it loses it. */
  offered(parts: DaemonParts): void {
    this.#step('channel');
    this.#other = this.#daemon(parts);
  }

  /** The successor has taken over everything, or asks to be current. False if that can't be now. */
  successor(says: 'adopted' | 'asks'): boolean {
    return this.#step(says);
  }

  /** Acts on the ends of daemons. All that they have said must have been heard. */
  bury(gone: (daemon: Daemon) => boolean, statuses: ReadonlyMap<number, ExitStatus>): void {
    // A successor that can't be told anything can't become current; a predecessor that lives may still go on.
    const isDeaf = this.standing.succession !== 'succeeded' && this.#other?.isReachable === false;
    if (this.#other && (isDeaf || gone(this.#other))) this.#step('otherGone');
    if (!this.#current || !gone(this.#current)) return;
    const { pid } = this.#current;
    this.standing.reason = `daemon ${pid} ended: ${describe(statuses.get(pid ?? 0))}`;
    log('daemon-ended', { reason: this.standing.reason });
    this.#step('currentGone');
  }

  /** False if that can't happen now. */
  #step(event: SuccessionEvent): boolean {
    const step = SUCCESSION[this.standing.succession][event];
    if (!step) return false;
    const [next, action] = step;
    if (action === 'startAfresh' && this.#current?.isStopping) end(0);
    log('succession', { event, from: this.standing.succession, to: next, action });
    this.standing.succession = next;
    const last = this.#current;
    if (event === 'currentGone') this.#current = dispose(this.#current);
    if (event === 'otherGone' || action === 'offer' || action === 'startAfresh')
      this.#other = dispose(this.#other);
    if (action === 'grant' || action === 'currentAgain') {
      [this.#current, this.#other] = [this.#other, this.#current];
      this.#nowCurrent(action === 'grant' ? 'granted' : 'currentAgain', last?.start);
    }
    if (action === 'startAfresh' && last) this.#startAfresh(last);
    return true;
  }

  #nowCurrent(type: 'granted' | 'currentAgain', start: DaemonStart | undefined): void {
    const daemon = this.#current;
    if (!daemon) return;
    daemon.start ??= start;
    daemon.readyAtMs ??= monotonicMs();
    daemon.send({ message: { type } });
    daemon.tellExits();
  }

  #startAfresh({ start, readyAtMs }: Daemon): void {
    this.standing.start = start ?? this.standing.start;
    this.#failed(readyAtMs === undefined ? undefined : monotonicMs() - readyAtMs);
  }

  #failed(readyForMs: number | undefined): void {
    // Without the lock there is no session either, and of two keepers that have it the later one has all of them.
    if (!this.#surroundings.escrow.has('lock') || this.#surroundings.isSuperseded()) end(1);
    this.standing.failures = failuresAfter(this.standing.failures, readyForMs);
    const pauseMs = pauseAfter(this.standing.failures);
    this.standing.isHolding = pauseMs === 'hold';
    this.standing.heldSince = pauseMs === 'hold' ? new Date().toISOString() : null;
    this.#surroundings.wake();
    if (pauseMs === 'hold') log('held', { reason: this.standing.reason });
    else if (pauseMs === 0) this.launch();
    else this.#pause = this.#surroundings.reactor.after(pauseMs, () => this.launch());
  }

  #daemon(parts: DaemonParts): Daemon {
    const { reactor, escrow, options, wake } = this.#surroundings;
    return new Daemon(parts, { reactor, escrow, usePidfd: options.usePidfd, wake });
  }
}

/** There is nothing to keep any more. */
function end(code: number): never {
  log('ended', { code });
  writeLog();
  return exitNow(code);
}

/** The process is left as it is. */
function dispose(daemon: Daemon | undefined): undefined {
  daemon?.dispose();
}

export function describe(status: ExitStatus | undefined): string {
  if (!status) return 'nobody knows how';
  return 'code' in status ? `code ${status.code}` : status.signal;
}

/** On the clock that all processes share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
