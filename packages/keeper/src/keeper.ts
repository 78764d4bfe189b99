import fs from 'node:fs';
import path from 'node:path';
import { type ExitStatus, Reactor, takeExitStatuses, type Timer, UnixListener } from '@holdfast/posix';
import { BUILD, VERSION } from '@holdfast/protocol';
import { type KeeperReport, type KeeperRequest, parseKeeperRequest } from '@holdfast/protocol/keeper';
import { ControlSocket } from './control-socket.ts';
import type { Daemon } from './daemon.ts';
import { Daemons, monotonicMs, nobody } from './daemons.ts';
import { Escrow } from './escrow.ts';
import { Hearing } from './hearing.ts';
import type { Starter } from './launch.ts';
import { findDaemon, type Legacy, leaveDaemon } from './legacy.ts';
import { log, writeLog } from './log.ts';
import type { KeeperOptions } from './options.ts';
import { Replacement } from './replacement.ts';
import { ReportFile, reportOf } from './report-file.ts';

/** Messages of one daemon that are heard before others are; whoever has died is heard out. */
const MESSAGES_A_ROUND = 1_024;
/** How long nobody may be able to ask for anything; a look is two `stat`s. */
const LOOK_EVERY_MS = 2_000;

/**
 * Holds what must outlive a daemon, and says which daemon is current. Whatever wakes it, it does the same round:
 *
 *   who has ended? ─> hear all that anybody has said ─> keep statuses ─> who follows? ─> send what can be sent ─> files
 *
 * In this order, since whoever has died must be heard out before its end is acted on, and a file may take as long as a disk does.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #reactor = new Reactor();
  readonly #escrow: Escrow;
  readonly #daemons: Daemons;
  readonly #report: ReportFile;
  readonly #replacement: Replacement;
  readonly #hearing: Hearing;
  /** Only the holder of the home's lock has one. */
  #control: ControlSocket | undefined;
  #looking: Timer | undefined;
  /** It is said once what stands in the way of a socket. */
  #socketFailed = false;
  #isAwake = false;

  /** `starter` = who wants to hear of the first daemon; `legacy` = what an earlier keeper in this process has left. */
  constructor(options: KeeperOptions, starter: Starter | undefined, legacy: Legacy | undefined) {
    const reactor = this.#reactor;
    const escrow = new Escrow(
      legacy && { ...legacy, held: legacy.held.map(({ name, fd, pid }) => ({ name, fd, pid })) },
    );
    this.#options = options;
    this.#escrow = escrow;
    this.#daemons = new Daemons(legacy?.standing ?? nobody(options.start), {
      options,
      reactor,
      escrow,
      wake: this.#wake,
      isSuperseded: () => this.#report.isAnothers,
    });
    this.#report = new ReportFile(path.join(options.runtimeDir, 'keeper.json'));
    this.#replacement = new Replacement({
      options,
      reactor,
      legacy: (client) => this.#leave(client),
      refuse: (client, why) => this.#control?.answer(client, { error: why }),
    });
    this.#hearing = new Hearing({
      options,
      escrow,
      daemons: this.#daemons,
      lockHeld: () => this.#look(),
      stopping: () => this.#removeFiles(),
    });
    // The system ignores it unless somebody handles it, and it would wake nobody then.
    process.on('SIGCHLD', this.#wake);
    process.on('uncaughtException', (error) => {
      log('fault', { error: error.stack });
      writeLog();
    });
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
    this.#hearing.hearEarly();
    for (const daemon of this.#daemons.all) daemon.flush();
    if (!this.#daemons.isAwaited) this.#writeFiles();
    // Last, since it may be the end of this program.
    for (const [pid, status] of ended) this.#replacement.ended(pid, status);
  }

  #writeFiles(): void {
    if (this.#escrow.has('lock')) this.#report.write(this.#state);
    writeLog();
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
      this.#hearing.hear(daemon, received);
    }
  }

  /** As long as the daemon has the lock, these can't be those of another keeper. */
  #removeFiles(): void {
    this.#looking?.cancel();
    this.#report.remove();
    fs.rmSync(this.#socketPath, { force: true });
  }

  // Its own socket

  get #socketPath(): string {
    return path.join(this.#options.runtimeDir, 'keeper.sock');
  }

  /** Makes what keeps it found, now and whenever somebody has removed it: else nobody could have a daemon started any more. */
  #look(): void {
    this.#looking?.cancel();
    this.#looking = this.#reactor.after(LOOK_EVERY_MS, () => this.#look());
    // For keeper.json.
    this.#wake();
    if (this.#control && fs.existsSync(this.#socketPath)) return;
    try {
      UnixListener.makeFolder(this.#options.runtimeDir);
      if (this.#control) this.#control.listenAnew(this.#socketPath);
      else this.#control = this.#controlSocket(ControlSocket.listen(this.#socketPath));
      this.#socketFailed = false;
    } catch (error) {
      if (!this.#socketFailed) log('socket-failed', { error: String(error) }); // ENOSPC, EROFS…
      this.#socketFailed = true;
    }
  }

  #controlSocket(fd: number, client?: number): ControlSocket {
    return new ControlSocket(fd, this.#reactor, (line, asker) => this.#request(line, asker), client);
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
    this.#wake();
    if (type === 'replace') return this.#replacement.begin(parameters, client);
    if (type === 'resume') this.#daemons.resume(parameters);
    // Before the answer: whoever gets it looks there whether the keeper still holds.
    this.#report.write(this.#state);
    const ok = type === 'resume' ? { daemonPid: this.#state.daemonPid } : { report: this.#state };
    this.#control?.answer(client, { ok });
  }

  get #state(): KeeperReport {
    return reportOf(this.#daemons.standing, this.#daemons.current);
  }

  // Another keeper in this process

  #leave(client: number): Legacy {
    this.#hearing.refuseEarly();
    const { current, other, standing } = this.#daemons;
    return {
      schema: 1,
      held: this.#escrow.held,
      exited: this.#escrow.exited,
      dropped: this.#escrow.dropped,
      standing,
      current: current && leaveDaemon(current),
      other: other && leaveDaemon(other),
      socketFd: this.#control?.fd,
      clientFd: this.#control?.has(client) ? client : undefined,
    };
  }

  #takeUp({ current, other, socketFd, clientFd }: Legacy): void {
    log('replaced', { version: VERSION, build: BUILD });
    if (socketFd !== undefined) this.#control = this.#controlSocket(socketFd, clientFd);
    const ok = { pid: process.pid, version: VERSION, build: BUILD };
    if (clientFd !== undefined) this.#control?.answer(clientFd, { ok });
    this.#daemons.takeUp(
      current && findDaemon(current, this.#escrow),
      other && findDaemon(other, this.#escrow),
    );
    if (this.#escrow.has('lock')) this.#look();
  }
}
