import fs from 'node:fs';
import path from 'node:path';
import {
  close,
  type ExitStatus,
  Reactor,
  type ReceivedMessage,
  socketPair,
  takeExitStatuses,
} from '@holdfast/posix';
import { BUILD, VERSION } from '@holdfast/protocol';
import {
  type DaemonStart,
  KEEPER_LIMITS,
  type KeeperReport,
  type KeeperRequest,
  parseKeeperRequest,
  type Role,
  TO_KEEPER,
  type ToKeeper,
} from '@holdfast/protocol/keeper';
import { ControlSocket } from './control-socket.ts';
import type { Daemon, Outgoing } from './daemon.ts';
import { Daemons, monotonicMs, nobody } from './daemons.ts';
import { Escrow, type Held } from './escrow.ts';
import { launchSuccessor, type Starter } from './launch.ts';
import { findDaemon, type Legacy, leaveDaemon } from './legacy.ts';
import { log } from './log.ts';
import type { KeeperOptions } from './options.ts';
import { Replacement } from './replacement.ts';
import { ReportFile, reportOf } from './report-file.ts';

/** Messages of one daemon that are heard before others are; whoever has died is heard out. */
const MESSAGES_A_ROUND = 1_024;

/**
 * Holds what must outlive a daemon, and says which daemon is current. Whatever wakes it, it does the same round:
 *
 *   who has ended? ─> hear all that anybody has said ─> keep statuses ─> who follows? ─> keeper.json ─> send what can be sent
 *
 * In this order, since whoever has died must be heard out before its end is acted on.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #reactor = new Reactor();
  readonly #escrow: Escrow;
  readonly #daemons: Daemons;
  readonly #report: ReportFile;
  readonly #replacement: Replacement;
  /** Only the holder of the home's lock has one. */
  #control: ControlSocket | undefined;
  #isAwake = false;

  /** `starter` = who wants to hear of the first daemon; `legacy` = what an earlier keeper in this process has left. */
  constructor(options: KeeperOptions, starter: Starter | undefined, legacy: Legacy | undefined) {
    const reactor = this.#reactor;
    const escrow = new Escrow(
      legacy?.held.map(({ name, fd, pid }) => ({ name, fd, pid })),
      legacy?.exited,
    );
    this.#options = options;
    this.#escrow = escrow;
    this.#daemons = new Daemons(legacy?.standing ?? nobody(options.start), {
      options,
      reactor,
      escrow,
      wake: this.#wake,
    });
    this.#report = new ReportFile(path.join(options.runtimeDir, 'keeper.json'));
    this.#replacement = new Replacement({
      options,
      reactor,
      legacy: (client) => this.#leave(client),
      refuse: (client, why) => this.#control?.answer(client, { error: why }),
    });
    // The system ignores it unless somebody handles it, and it would wake nobody then.
    process.on('SIGCHLD', this.#wake);
    process.on('uncaughtException', (error) => log('fault', { error: error.stack }));
    if (legacy) this.#takeUp(legacy);
    else if (options.daemon) this.#daemons.begin({ ...options.daemon, readyAtMs: monotonicMs() });
    else this.#daemons.launch(starter);
  }

  /** From now on the loop has the process. */
  run(): void {
    this.#reactor.start();
    this.#wake();
  }

  readonly #wake = (): void => {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#reactor.defer(() => {
      this.#isAwake = false;
      this.#round();
    });
  };

  #round(): void {
    const gone = new Set(this.#daemons.all.filter((daemon) => daemon.hasEnded));
    const ended = takeExitStatuses();
    const isGone = (daemon: Daemon) =>
      gone.has(daemon) || (daemon.pid !== undefined && ended.has(daemon.pid));
    for (const daemon of this.#daemons.all) {
      this.#listen(daemon, isGone(daemon) ? Number.POSITIVE_INFINITY : MESSAGES_A_ROUND);
    }
    for (const [pid, status] of ended) this.#childEnded(pid, status);
    this.#daemons.bury(isGone, ended);
    if (this.#escrow.has('lock')) this.#report.write(this.#state);
    for (const daemon of this.#daemons.all) daemon.flush();
    // Last, since it may be the end of this program.
    for (const [pid, status] of ended) this.#replacement.ended(pid, status);
  }

  #childEnded(pid: number, status: ExitStatus): void {
    if (!this.#escrow.record(pid, status)) return;
    log('program-ended', { pid, ...status });
    this.#daemons.current?.send({ message: { type: 'exited', pid, status } });
  }

  #listen(daemon: Daemon, messages: number): void {
    for (let count = 0; count < messages; count += 1) {
      const received = daemon.receive();
      if (!received) return;
      this.#hear(daemon, received);
    }
  }

  #hear(daemon: Daemon, { message, fds: [fd] }: ReceivedMessage<ToKeeper>): void {
    const why = this.#refusal(daemon, message, fd !== undefined) ?? this.#obey(daemon, message, fd);
    if (why === undefined) return;
    if (fd !== undefined) close(fd);
    log('refused', { pid: daemon.pid, to: message.type, why });
    daemon.send({ message: { type: 'refused', to: message.type, reason: why } });
  }

  #refusal(daemon: Daemon, { type }: ToKeeper, hasFd: boolean): string | undefined {
    const from: readonly Role[] = TO_KEEPER[type].from;
    const role = this.#daemons.roleOf(daemon);
    if (!from.includes(role)) return `a ${role} may not say that`;
    return TO_KEEPER[type].fd === hasFd ? undefined : 'it has a descriptor too many, or too few';
  }

  /** Does what is asked for and takes the descriptor over; or returns why not, and has not taken it. */
  #obey(daemon: Daemon, message: ToKeeper, fd = -1): string | undefined {
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
    if (held.name === 'lock') this.#control ??= this.#openControl();
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
    if (!this.#daemons.mayOffer) return 'another hand-over is not over yet';
    try {
      daemon.send(message.type === 'channel' ? this.#giveChannel() : this.#spawnSuccessor(message, fd));
      return undefined;
    } catch (error) {
      return String(error); // EMFILE, ENOENT…
    }
  }

  #giveChannel(): Outgoing {
    const [ours, theirs] = socketPair('messages');
    this.#daemons.offered({ channelFd: ours });
    return { message: { type: 'channel' }, fd: theirs };
  }

  #spawnSuccessor(start: DaemonStart, handoffFd: number): Outgoing {
    const launched = launchSuccessor(start, this.#options, handoffFd);
    close(handoffFd);
    this.#daemons.offered(launched);
    return { message: { type: 'spawned', pid: launched.pid } };
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
    // As long as the daemon has the lock, these can't be those of another keeper.
    this.#report.remove();
    fs.rmSync(this.#socketPath, { force: true });
    for (const { name } of this.#escrow.held) this.#escrow.drop(name);
  }

  // Its own socket

  get #socketPath(): string {
    return path.join(this.#options.runtimeDir, 'keeper.sock');
  }

  /** `left` = the socket of an earlier keeper in this process, and a client of it. Undefined if there can be none. */
  #openControl(
    left: { fd?: number | undefined; client?: number | undefined } = {},
  ): ControlSocket | undefined {
    const request = (line: string, client: number) => this.#request(line, client);
    try {
      const fd = left.fd ?? ControlSocket.listen(this.#socketPath);
      return new ControlSocket(fd, this.#reactor, request, left.client);
    } catch (error) {
      log('socket-failed', { error: String(error) }); // ENOSPC, EROFS…: it holds and starts daemons all the same
      return undefined;
    }
  }

  #request(line: string, client: number): void {
    let request: KeeperRequest;
    try {
      request = parseKeeperRequest(line);
    } catch (error) {
      this.#control?.answer(client, { error: error instanceof Error ? error.message : String(error) });
      return;
    }
    const { type, parameters } = request;
    log('request', { type });
    if (type === 'replace') return this.#replacement.begin(parameters, client);
    if (type === 'resume') this.#daemons.resume(parameters);
    // Before the answer: whoever gets it looks there whether the keeper still holds.
    this.#report.write(this.#state);
    const ok = type === 'resume' ? { daemonPid: this.#state.daemonPid } : { report: this.#state };
    this.#control?.answer(client, { ok });
    this.#wake();
  }

  get #state(): KeeperReport {
    return reportOf(this.#daemons.standing, this.#daemons.current);
  }

  // Another keeper in this process

  #leave(client: number): Legacy {
    const { current, other, standing } = this.#daemons;
    return {
      schema: 1,
      held: this.#escrow.held,
      exited: this.#escrow.exited,
      standing,
      current: current && leaveDaemon(current),
      other: other && leaveDaemon(other),
      socketFd: this.#control?.fd,
      clientFd: this.#control?.has(client) ? client : undefined,
    };
  }

  #takeUp({ current, other, socketFd, clientFd }: Legacy): void {
    log('replaced', { version: VERSION, build: BUILD });
    if (socketFd !== undefined) this.#control = this.#openControl({ fd: socketFd, client: clientFd });
    const ok = { pid: process.pid, version: VERSION, build: BUILD };
    if (clientFd !== undefined) this.#control?.answer(clientFd, { ok });
    this.#daemons.takeUp(
      current && findDaemon(current, this.#escrow),
      other && findDaemon(other, this.#escrow),
    );
  }
}
