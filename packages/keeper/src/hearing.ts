import { close, type ReceivedMessage, socketPair } from '@holdfast/posix';
import {
  type DaemonStart,
  KEEPER_LIMITS,
  type Role,
  TO_KEEPER,
  type ToKeeper,
} from '@holdfast/protocol/keeper';
import type { Daemon, Mutilated, Outgoing } from './daemon.ts';
import { type Daemons, monotonicMs } from './daemons.ts';
import type { Escrow, Held } from './escrow.ts';
import { launchSuccessor } from './launch.ts';
import { log } from './log.ts';
import type { KeeperOptions } from './options.ts';

const NO_FD = -1;
const TOO_EARLY = 'another hand-over is not over yet';

/** What a question is known by. */
interface Numbered {
  readonly question?: number | undefined;
}

export interface HearingSurroundings {
  readonly options: KeeperOptions;
  readonly escrow: Escrow;
  readonly daemons: Daemons;
  /** The lock of the home is held: it is this keeper's. */
  readonly lockHeld: () => void;
  /** The current daemon is about to end, and this keeper with it. */
  readonly stopping: () => void;
}

/** What daemons say, and what is done about it. */
export class Hearing {
  readonly #options: KeeperOptions;
  readonly #escrow: Escrow;
  readonly #daemons: Daemons;
  readonly #lockHeld: () => void;
  readonly #stopping: () => void;
  /** The current daemon's wish for a successor, which came before its predecessor had ended. */
  #early: { readonly daemon: Daemon; readonly received: ReceivedMessage<ToKeeper> } | undefined;

  constructor({ options, escrow, daemons, lockHeld, stopping }: HearingSurroundings) {
    this.#options = options;
    this.#escrow = escrow;
    this.#daemons = daemons;
    this.#lockHeld = lockHeld;
    this.#stopping = stopping;
  }

  /** Obeys, or refuses and says why. */
  hear(daemon: Daemon, { message, fds }: ReceivedMessage<ToKeeper> | Mutilated): void {
    if (fds === 'lost') return refuse(daemon, message, undefined, 'its descriptor could not be taken');
    const [fd] = fds;
    const why = this.#refusal(daemon, message, fd !== undefined) ?? this.#obey(daemon, message, fd);
    if (why !== undefined) refuse(daemon, message, fd, why);
  }

  /** Hears what came too early, if its time has come. */
  hearEarly(): void {
    const early = this.#early;
    if (!early || !(this.#daemons.mayOffer || early.daemon !== this.#daemons.current)) return;
    this.#early = undefined;
    this.hear(early.daemon, early.received);
  }

  /** There will be no later. */
  refuseEarly(): void {
    const early = this.#early;
    this.#early = undefined;
    if (early) refuse(early.daemon, early.received.message, early.received.fds[0], TOO_EARLY);
  }

  #refusal(daemon: Daemon, { type }: ToKeeper, hasFd: boolean): string | undefined {
    const from: readonly Role[] = TO_KEEPER[type].from;
    const role = this.#daemons.roleOf(daemon);
    if (!from.includes(role)) return `a ${role} may not say that`;
    return TO_KEEPER[type].fd === hasFd ? undefined : 'it has a descriptor too many, or too few';
  }

  /** Does what is asked for and takes the descriptor over; or returns why not, and has not taken it. */
  #obey(daemon: Daemon, message: ToKeeper, fd = NO_FD): string | undefined {
    switch (message.type) {
      case 'hold':
        return this.#hold(daemon, { name: message.name, fd, pid: message.pid });
      case 'drop':
        this.#escrow.drop(message.name);
        break;
      case 'giveBack':
        this.#giveBack(daemon);
        break;
      case 'ready':
        daemon.readyAtMs = monotonicMs();
        break;
      case 'ended':
        this.#escrow.keep({ pid: message.pid, name: message.name, status: message.status });
        break;
      case 'taken':
        this.#escrow.taken(message.pid);
        break;
      case 'channel':
      case 'spawn':
        return this.#offer(daemon, message, fd);
      case 'adopted':
        daemon.identify(message.pid);
        return this.#daemons.successor('adopted') ? undefined : 'it was said before';
      case 'current':
        return this.#ask(daemon, message.pid, message);
      case 'stop':
        this.#stop(daemon);
    }
    return undefined;
  }

  #hold(daemon: Daemon, held: Held): string | undefined {
    if (!this.#escrow.hold(held)) return `${KEEPER_LIMITS.held} descriptors are held`;
    if (held.name === 'lock') this.#lockHeld();
    daemon.send({ message: { type: 'held', name: held.name } });
    return undefined;
  }

  #giveBack(daemon: Daemon): void {
    const { held } = this.#escrow;
    for (const one of held)
      daemon.send({ message: { type: 'give', name: one.name, pid: one.pid }, held: one });
    daemon.tellExits();
    daemon.send({ message: { type: 'given', count: held.length } });
  }

  #offer(daemon: Daemon, message: ToKeeper & { type: 'channel' | 'spawn' }, fd: number): string | undefined {
    if (!this.#daemons.mayOffer) {
      // Who has been told that an upgrade is done may begin the next one while the last daemon is still leaving.
      if (this.#early || this.#daemons.standing.succession !== 'succeeded') return TOO_EARLY;
      this.#early = { daemon, received: { message, fds: fd === NO_FD ? [] : [fd] } };
      return undefined;
    }
    try {
      daemon.send(
        message.type === 'channel' ? this.#giveChannel(message) : this.#spawnSuccessor(message, fd),
      );
      return undefined;
    } catch (error) {
      return String(error); // EMFILE, ENOENT…
    }
  }

  #giveChannel({ question }: Numbered): Outgoing {
    const [ours, theirs] = socketPair('messages');
    this.#daemons.offered({ channelFd: ours });
    return { message: { type: 'channel', question }, fd: theirs };
  }

  #spawnSuccessor({ question, ...start }: DaemonStart & Numbered, handoffFd: number): Outgoing {
    const launched = launchSuccessor(start, this.#options, handoffFd);
    close(handoffFd);
    this.#daemons.offered(launched);
    return { message: { type: 'spawned', pid: launched.pid, question } };
  }

  #ask(daemon: Daemon, pid: number, { node, nodeArguments, entry }: DaemonStart): string | undefined {
    daemon.identify(pid);
    if (daemon.hasEnded) return 'it has ended';
    if (daemon === this.#daemons.current) daemon.send({ message: { type: 'granted' } });
    else if (!this.#daemons.successor('asks')) return 'it has not said "adopted"';
    daemon.start = { node, nodeArguments, entry };
    return undefined;
  }

  /** Lets go of everything, so that the home is free when the daemon has ended. */
  #stop(daemon: Daemon): void {
    daemon.isStopping = true;
    this.#stopping();
    for (const { name } of this.#escrow.held) this.#escrow.drop(name);
  }
}

function refuse(daemon: Daemon, message: ToKeeper, fd: number | undefined, why: string): void {
  const { type } = message;
  const question = 'question' in message ? message.question : undefined;
  if (fd !== undefined) close(fd);
  log('refused', { pid: daemon.pid, to: type, why });
  daemon.send({ message: { type: 'refused', to: type, reason: why, question } });
}
