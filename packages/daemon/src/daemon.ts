import fs from 'node:fs';
import path from 'node:path';
import { close, exitNow, lockFile, Reactor, setNonBlocking } from '@holdfast/posix';
import { BUILD, type DaemonIdentity, HoldfastError, VERSION } from '@holdfast/protocol';
import type { DaemonStart } from '@holdfast/protocol/keeper';
import { Clients } from './clients.ts';
import { RequestHandler } from './connection/request-handler.ts';
import { Generation } from './generation.ts';
import { IncomingLuggage } from './handoff/luggage.ts';
import { type AllBelongings, type Belongings, preview, suspend } from './handoff/packing.ts';
import { Predecessor } from './handoff/predecessor.ts';
import { rehearse } from './handoff/rehearsal.ts';
import { SuccessorProcess, type UpgradeTarget } from './handoff/successor-process.ts';
import type { HandedOver } from './handoff/snapshot.ts';
import { type Adopted, type Grants, Successor } from './handoff/successor.ts';
import { takeOver, type UnpackingSurroundings, unpack } from './handoff/unpacking.ts';
import { verifyDescriptors } from './handoff/verify-descriptors.ts';
import { Listener, type ListenerSurroundings } from './listener.ts';
import { type Log, LogFile } from './log.ts';
import { argumentsOf, type DaemonOptions } from './options.ts';
import { KeeperLink } from './keeper-link/keeper-link.ts';
import { KeeperRenewal } from './keeper-link/keeper-renewal.ts';
import { heldName } from './keeper-link/taken-back.ts';
import { NOTHING_INHERITED } from './session/inheritance.ts';
import { ProcessLister } from './session/process-table.ts';
import { Rendezvous } from './rendezvous.ts';
import { Screens } from './screen/screens.ts';
import { WorkerProgram } from './screen/worker-program.ts';
import { SessionRegistry } from './session/registry.ts';
import { testPoint } from './test-points.ts';

/** No file can be made there, and nothing stays of what is written. */
const NOWHERE = '/dev/null';

/** Owns the sessions of a home and serves its clients. */
export class Daemon {
  readonly #reactor = new Reactor();
  readonly #logFile: LogFile;
  readonly #log: Log;
  readonly #registry: SessionRegistry;
  readonly #clients: Clients;
  readonly #handler: RequestHandler;
  readonly #options: DaemonOptions;
  readonly #predecessor: Predecessor;
  readonly #identity: DaemonIdentity;
  readonly #generation: Generation;
  readonly #keeper: KeeperLink;
  readonly #keeperRenewal: KeeperRenewal;
  readonly #screenProgram: WorkerProgram;
  readonly #screens: Screens;
  /** Holds the home's lock. */
  #lock = -1;
  #listener: Listener | undefined;
  #rendezvous: Rendezvous | undefined;
  #stopping: Promise<number> | undefined;

  private constructor(
    options: DaemonOptions,
    logFile = new LogFile(path.join(options.stateDir, 'daemon.log')),
    screenProgram = new WorkerProgram(),
  ) {
    this.#options = options;
    this.#screenProgram = screenProgram;
    this.#generation = new Generation(options.runtimeDir);
    this.#logFile = logFile;
    this.#log = this.#logFile.log;
    this.#screens = new Screens({ reactor: this.#reactor, log: this.#log, program: screenProgram });
    this.#identity = {
      pid: process.pid,
      version: VERSION,
      build: BUILD,
      node: process.versions.node,
      generation: 1,
      startedAt: new Date().toISOString(),
    };
    this.#keeper = this.#linkToKeeper();
    this.#keeperRenewal = this.#makeKeeperRenewal();
    this.#registry = this.#makeRegistry();
    this.#clients = new Clients({
      reactor: this.#reactor,
      log: this.#log,
      handler: () => this.#handler,
      closed: () => this.#predecessor.connectionClosed(),
    });
    this.#handler = this.#makeHandler();
    this.#predecessor = this.#makePredecessor();
    this.#reactor.onStoodStill = (ms) => {
      this.#log('daemon.stood-still', { ms: Math.round(ms) });
      this.#stoodStill(ms);
    };
  }

  /** Nobody loses a right by time in which this daemon could not be told anything. */
  #stoodStill(ms: number): void {
    this.#reactor.postpone(ms);
    for (const session of this.#registry.all) session.wasFrozen(ms);
  }

  /** Begins to serve; undefined if another daemon owns the home. Throws whatever stands in the way. */
  static async start(options: DaemonOptions): Promise<Daemon | undefined> {
    for (const folder of [options.runtimeDir, options.stateDir]) {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      fs.chmodSync(folder, 0o700);
    }
    const daemon = new Daemon(options);
    const given = daemon.#keeper.isThere ? daemon.#keeper.takeBack() : undefined;
    const lock = given?.lock ?? lockFile(path.join(options.stateDir, 'lock'));
    if (lock === undefined) return undefined;
    daemon.#lock = lock;
    if (given?.lock === undefined) daemon.#keeper.holdHome('lock', lock);
    else daemon.#identity.generation = daemon.#generation.last + 1;
    testPoint('daemon.starting');
    await daemon.#registry.load(given ?? NOTHING_INHERITED);
    daemon.#listen(given?.listener);
    daemon.#hearSignals();
    daemon.#serve();
    daemon.#noteServing();
    daemon.#beFound();
    daemon.#registry.goOn();
    daemon.#registry.keepRetention();
    daemon.#keeper.ready();
    return daemon;
  }

  /** Nobody reads standard error any more. */
  detachFromStarter(): void {
    this.#logFile.takeStderr();
  }

  /** Takes over the socket that clients connect to, or makes it. */
  #listen(given: number | undefined): void {
    const surroundings = this.#listenerSurroundings;
    if (given !== undefined) setNonBlocking(given);
    this.#listener =
      given === undefined
        ? Listener.bind(this.#socketPath, surroundings)
        : new Listener(given, this.#socketPath, surroundings);
    if (given === undefined) this.#keeper.holdHome('listener', this.#listener.fd);
  }

  /** From now on this daemon sees to it that clients find it. */
  #beFound(): void {
    const listener = this.#listener;
    if (!listener || this.#stopping) return;
    this.#rendezvous = new Rendezvous(this.#options, {
      reactor: this.#reactor,
      log: this.#log,
      listener,
      rebound: () => this.#keeper.holdHome('listener', listener.fd),
    });
  }

  /** Takes over from a predecessor, which is at the other end of the channel; ends the process if that does not happen. */
  static async adopt(options: DaemonOptions, channelFd: number): Promise<void> {
    const daemon = new Daemon(options);
    const successor = new Successor(channelFd, grantsBy(daemon.#keeper, thisDaemon()));
    await Daemon.rehearse(options).catch((error: unknown) => {
      // It only makes the pause longer: whether the sessions can be taken over shows when they are.
      daemon.#log('upgrade.rehearsal-failed', { error: String(error) });
    });
    const handedOver = successor.takeOver({
      prepare: ({ histories, sessions }) => daemon.#registry.prepare(histories, sessions),
      adopt: (handedOver) => {
        verifyDescriptors(handedOver);
        return daemon.#adopt(handedOver);
      },
      beforeServing: () => daemon.#hearSignals(),
    });
    daemon.#serve();
    // Nobody else serves by now: the sessions must not end for what goes wrong.
    daemon.#withoutFault(() => daemon.#goOn(handedOver, successor));
  }

  /** Takes over what is none of anybody's, and leaves nothing behind. Returns how many bytes were passed on. */
  static rehearse(options: DaemonOptions): Promise<number> {
    return rehearse((snapshot, fds) => {
      // The keeper is not to hear of it: the channel is that of the daemon that rehearses.
      const elsewhere = { ...options, runtimeDir: NOWHERE, stateDir: NOWHERE, keeperFd: undefined };
      const daemon = new Daemon(elsewhere, new LogFile(NOWHERE));
      const handedOver = { snapshot, luggage: new IncomingLuggage(fds, undefined) };
      try {
        daemon.#adopt(handedOver);
        daemon.#reactor.start();
        takeOver(handedOver, daemon.#unpackingSurroundings);
      } catch (error) {
        daemon.#vanish();
        throw error;
      }
      return () => daemon.#vanish();
    });
  }

  // Hand-over

  get #belongings(): Belongings {
    return { registry: this.#registry, connections: this.#clients.all };
  }

  get #allBelongings(): AllBelongings {
    return {
      ...this.#belongings,
      generation: this.#identity.generation,
      lock: this.#lock,
      listener: this.#listener?.fd ?? -1,
      notHeld: this.#keeper.notHeld,
    };
  }

  /** Takes up what was handed over, reading nothing. Throws Error if something can't be taken up. */
  #adopt(handedOver: HandedOver): Adopted {
    const { snapshot, luggage } = handedOver;
    this.#lock = luggage.fd(snapshot.lock, 'the lock');
    const listener = luggage.fd(snapshot.listener, 'the listener');
    this.#listener = new Listener(listener, this.#socketPath, this.#listenerSurroundings);
    this.#identity.generation = snapshot.generation + 1;
    unpack(handedOver, this.#unpackingSurroundings);
    return { sessions: snapshot.sessions.length, clients: snapshot.connections.length };
  }

  /** Serves from where the predecessor stopped. */
  #goOn(handedOver: HandedOver, successor: Successor): void {
    const { snapshot } = handedOver;
    takeOver(handedOver, this.#unpackingSurroundings);
    const pauseMs = Number(process.hrtime.bigint() - BigInt(snapshot.frozenAtNs)) / 1e6;
    const result = {
      from: snapshot.from,
      to: { pid: process.pid, version: VERSION, build: BUILD },
      sessions: snapshot.sessions.filter(({ session }) => session.program !== null).length,
      clients: { kept: snapshot.connections.length, dropped: 0 },
      pauseMs: Math.round(pauseMs * 100) / 100,
    };
    this.#keeper.ready();
    this.#holdAgain(new Set(snapshot.notHeld));
    this.#behindFirstOutput(() => {
      this.#logFile.takeStderr();
      this.#noteServing();
      this.#beFound();
      const { pauseMs, sessions } = result;
      this.#log('upgrade.done', { from: snapshot.from.pid, sessions, pauseMs });
    });
    successor.onPredecessorGone(this.#reactor, () => this.#handler.answerUpgrades(result));
  }

  /** For what takes its time, files: the first turn reads everybody who has waited, and passes on at its end what it has read. */
  #behindFirstOutput(action: () => void): void {
    this.#reactor.after(0, () => this.#reactor.defer(action));
  }

  get #unpackingSurroundings(): UnpackingSurroundings {
    return {
      reactor: this.#reactor,
      registry: this.#registry,
      clients: this.#clients,
      withoutFault: (action) => this.#withoutFault(action),
    };
  }

  /** Ends as if it had not been; what it was handed is not closed. */
  #vanish(): void {
    this.#reactor.dispose();
    for (const session of this.#registry.all) session.history.close();
    this.#screenProgram[Symbol.dispose]();
    void this.#logFile.close();
  }

  async #startSuccessor(target: UpgradeTarget): Promise<SuccessorProcess> {
    const reactor = this.#reactor;
    const keeper = this.#keeper;
    if (target.keeper && keeper.mayBeReplaced) this.#keeperRenewal.start(target.keeper);
    if (keeper.mustSpawn) {
      const { node, execArgv: nodeArguments, entry } = target;
      const start = { node, nodeArguments: [...nodeArguments], entry };
      return SuccessorProcess.startedBy((fd) => keeper.spawnSuccessor(start, fd), target, reactor);
    }
    const keeperFd = await keeper.channelForSuccessor();
    try {
      return SuccessorProcess.start(target, { reactor, options: argumentsOf(this.#options), keeperFd });
    } finally {
      if (keeperFd !== undefined) close(keeperFd);
    }
  }

  // The keeper

  /** Gives the keeper everything, or what has one of these names. */
  #holdAgain(names?: ReadonlySet<string>): void {
    const isMeant = (name: string) => names?.has(name) ?? true;
    if (isMeant('lock')) this.#keeper.holdHome('lock', this.#lock);
    if (this.#listener && isMeant('listener')) this.#keeper.holdHome('listener', this.#listener.fd);
    for (const session of this.#registry.all)
      if (session.program && isMeant(heldName(session.id))) this.#keeper.hold(session.id, session.program);
  }

  #succeedMyself(): Promise<unknown> {
    const { node, nodeArguments: execArgv, entry } = thisDaemon();
    const nobody = { hasLeft: false };
    return this.#predecessor.upgrade(nobody, { node, execArgv, entry });
  }

  get #socketPath(): string {
    return path.join(this.#options.runtimeDir, 'daemon.sock');
  }

  get #listenerSurroundings(): ListenerSurroundings {
    return { reactor: this.#reactor, log: this.#log, accepted: (socket) => this.#clients.accept(socket) };
  }

  // Serving

  /** Signals that come from now on are kept until the loop runs; before, they end the process. */
  #hearSignals(): void {
    process.on('SIGTERM', () => {
      if (this.#predecessor.passOn('SIGTERM')) return;
      // Somebody who means the sessions asks for it; a signal is what a machine sends to everybody that goes down.
      if (!this.#stopping) this.#registry.goDown();
      void this.#stop(null, { by: 'SIGTERM' });
    });
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
  }

  #serve(): void {
    process.on('uncaughtException', (error) => this.#fault(error));
    process.on('SIGCHLD', () => {
      // A status that is taken by a process that only leaves is lost for the keeper, who would tell the successor.
      if (this.#predecessor.isOver) return;
      this.#registry.childEnded();
      this.#keeperRenewal.childEnded();
    });
    this.#keeper.serve();
    this.#clients.serve();
    this.#reactor.start();
  }

  #noteServing(): void {
    this.#generation.save(this.#identity.generation);
    this.#log('daemon.serving', {
      pid: process.pid,
      version: VERSION,
      build: BUILD,
      node: process.versions.node,
    });
  }

  /** One client's or one session's fault must not end the others. */
  #fault(error: unknown): void {
    this.#log('daemon.fault', { error: error instanceof Error ? error.stack : String(error) });
  }

  #withoutFault(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fault(error);
    }
  }

  #stop(callerPid: number | null, cause: { by?: string } = {}): Promise<number> {
    this.#predecessor.cancel(new HoldfastError('E_STOPPING', 'the daemon is stopping'));
    this.#stopping ??= this.#endSessions(callerPid, cause);
    return this.#stopping;
  }

  async #endSessions(callerPid: number | null, cause: { by?: string }): Promise<number> {
    this.#log('daemon.stopping', cause);
    const ended = await this.#registry.stop(callerPid);
    this.#rendezvous?.close();
    this.#listener?.close();
    // The answers to whoever asked are queued after this returns.
    this.#reactor.after(0, () => this.#farewell());
    return ended;
  }

  #farewell(): void {
    const allGone = this.#clients.farewell();
    this.#keeper.stop();
    void allGone.then(() => this.#leave());
  }

  async #leave(): Promise<never> {
    this.#log('daemon.stopped');
    await this.#logFile.lastLines();
    return exitNow(0);
  }

  // What it is made of

  #linkToKeeper(): KeeperLink {
    const { usePidfd, keeperFd, runtimeDir } = this.#options;
    return new KeeperLink(keeperFd, {
      reactor: this.#reactor,
      log: this.#log,
      runtimeDir,
      usePidfd,
      exited: (pid, exit) => this.#registry.programEnded(pid, exit),
      lost: () => this.#keeperRenewal.lost(),
    });
  }

  #makeKeeperRenewal(): KeeperRenewal {
    return new KeeperRenewal({
      reactor: this.#reactor,
      log: this.#log,
      keeper: this.#keeper,
      daemon: thisDaemon(),
      ownArguments: argumentsOf(this.#options),
      isStopping: () => this.#stopping !== undefined,
      holdAgain: () => this.#holdAgain(),
      succeedMyself: () => this.#succeedMyself(),
    });
  }

  #makeRegistry(): SessionRegistry {
    const whileServing = () =>
      this.#predecessor.isOver ? new Promise<void>(() => undefined) : Promise.resolve();
    return new SessionRegistry(this.#options, {
      reactor: this.#reactor,
      log: this.#log,
      processes: new ProcessLister(),
      usePidfd: this.#options.usePidfd,
      keeper: this.#keeper,
      screenAnswers: async ({ id }, asked) => {
        const answers = await this.#screens.answers(() => this.#registry.screened(id), asked);
        // The successor asks its own screen, and answers.
        await whileServing();
        return answers;
      },
      followScreen: ({ id }, how) => this.#screens.follow(() => this.#registry.screened(id), how),
      whileServing,
    });
  }

  #makeHandler(): RequestHandler {
    return new RequestHandler({
      registry: this.#registry,
      log: this.#log,
      screens: this.#screens,
      identity: this.#identity,
      home: this.#options.home,
      connections: this.#clients.all,
      upgrade: (connection, parameters) => {
        if (this.#stopping) throw new HoldfastError('E_STOPPING', 'the daemon is stopping');
        return this.#predecessor.upgrade(connection, parameters);
      },
      upgradeUnderWay: () => this.#predecessor.underWay,
      turnTimes: () => this.#reactor.turnTimes.summary,
      stop: (callerPid) => this.#stop(callerPid),
    });
  }

  #makePredecessor(): Predecessor {
    return new Predecessor({
      reactor: this.#reactor,
      log: this.#log,
      protocolsInUse: () => this.#clients.protocolsInUse,
      pauseClients: (isPaused) => {
        this.#clients.arePaused = isPaused;
      },
      startSuccessor: (target) => this.#startSuccessor(target),
      isKeeperBehind: () => this.#keeper.isBehind,
      untilIdle: async () => {
        await this.#handler.untilIdle();
        await this.#registry.settled();
      },
      preview: (schema) => preview(this.#belongings, schema),
      leaveFiles: (sessions) => this.#registry.leaveFiles(sessions),
      suspend: (frozenAtNs, schema) => suspend(this.#allBelongings, frozenAtNs, schema),
      beforeLeaving: () => this.#logFile.lastLines(),
      wasFrozen: (ms) => this.#stoodStill(ms),
    });
  }
}

/** How this daemon was started, but for what says which home it is for. */
function thisDaemon(): DaemonStart {
  return { node: process.execPath, nodeArguments: process.execArgv, entry: process.argv[1] ?? '' };
}

/** The keeper's say in a hand-over, if there is one. It also learns how to start the new daemon again. */
function grantsBy(keeper: KeeperLink, start: DaemonStart): Grants | undefined {
  if (!keeper.isThere) return undefined;
  return {
    adopted: () => keeper.adopted(),
    ask: (timeoutMs) => keeper.askCurrent(start, timeoutMs),
    await: (timeoutMs) => {
      keeper.awaitGrant(timeoutMs);
      keeper.current(start);
    },
  };
}

export function startError(error: unknown): { code: string; message: string } {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message };
  return { code: 'E_DAEMON_START', message: error instanceof Error ? error.message : String(error) };
}
