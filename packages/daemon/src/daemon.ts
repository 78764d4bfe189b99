import fs from 'node:fs';
import path from 'node:path';
import { exitNow, lockFile, Reactor } from '@holdfast/posix';
import { BUILD, type DaemonIdentity, HoldfastError, LIMITS, VERSION } from '@holdfast/protocol';
import { Connection } from './connection/connection.ts';
import { Batch } from './connection/outbox.ts';
import { RequestHandler } from './connection/request-handler.ts';
import { type Accepted, Listener } from './listener.ts';
import { type Log, LogFile } from './log.ts';
import type { DaemonOptions } from './options.ts';
import { ProcessLister } from './session/process-table.ts';
import { SessionRegistry } from './session/registry.ts';

/** One read of a client's socket. */
const CLIENT_READ_BYTES = 64 * 1024;
/** How long a stopping daemon waits for its last answers to be read. */
const FAREWELL_MS = 500;

/** Owns the sessions of a home and serves its clients. */
export class Daemon {
  readonly #reactor = new Reactor();
  readonly #logFile: LogFile;
  readonly #log: Log;
  readonly #registry: SessionRegistry;
  readonly #connections = new Set<Connection>();
  readonly #handler: RequestHandler;
  readonly #batch = new Batch();
  readonly #readBuffer = Buffer.from(new ArrayBuffer(CLIENT_READ_BYTES));
  readonly #options: DaemonOptions;
  #listener: Listener | undefined;
  #stopping: Promise<number> | undefined;

  private constructor(options: DaemonOptions) {
    this.#options = options;
    this.#logFile = new LogFile(path.join(options.stateDir, 'daemon.log'));
    this.#log = this.#logFile.log;
    const { usePidfd } = options;
    const processes = new ProcessLister();
    this.#registry = new SessionRegistry(options, {
      reactor: this.#reactor,
      log: this.#log,
      processes,
      usePidfd,
    });
    const identity: DaemonIdentity = {
      pid: process.pid,
      version: VERSION,
      build: BUILD,
      node: process.versions.node,
      generation: 1,
      startedAt: new Date().toISOString(),
    };
    this.#handler = new RequestHandler({
      registry: this.#registry,
      log: this.#log,
      identity,
      home: options.home,
      connections: this.#connections,
      stop: (callerPid) => this.#stop(callerPid),
    });
  }

  /** Begins to serve; undefined if another daemon owns the home. Throws whatever stands in the way. */
  static async start(options: DaemonOptions): Promise<Daemon | undefined> {
    for (const folder of [options.runtimeDir, options.stateDir]) {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      fs.chmodSync(folder, 0o700);
    }
    // Held by its descriptor until the process ends.
    if (lockFile(path.join(options.runtimeDir, 'lock')) === undefined) return undefined;
    const daemon = new Daemon(options);
    await daemon.#serve();
    return daemon;
  }

  /** Nobody reads standard error any more. */
  detachFromStarter(): void {
    this.#logFile.takeStderr();
  }

  async #serve(): Promise<void> {
    process.on('uncaughtException', (error) => {
      // One client's or one session's fault must not end the others.
      this.#log('daemon.fault', { error: error instanceof Error ? error.stack : String(error) });
    });
    process.on('SIGTERM', () => void this.#stop(null));
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
    process.on('SIGCHLD', () => {
      for (const session of this.#registry.all) session.childEnded();
    });
    await this.#registry.load();
    this.#registry.keepRetention();
    const { reactor, log } = { reactor: this.#reactor, log: this.#log };
    const accepted = (socket: Accepted) => this.#accept(socket);
    this.#listener = new Listener(path.join(this.#options.runtimeDir, 'daemon.sock'), {
      reactor,
      log,
      accepted,
    });
    this.#reactor.start();
    this.#log('daemon.serving', {
      pid: process.pid,
      version: VERSION,
      build: BUILD,
      node: process.versions.node,
    });
  }

  #accept(socket: Accepted): boolean {
    if (this.#connections.size >= LIMITS.clients) return false;
    const connection = new Connection(socket, {
      reactor: this.#reactor,
      log: this.#log,
      batch: this.#batch,
      readBuffer: this.#readBuffer,
      handler: this.#handler,
      closed: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(connection);
    return true;
  }

  #stop(callerPid: number | null): Promise<number> {
    this.#stopping ??= this.#endSessions(callerPid);
    return this.#stopping;
  }

  async #endSessions(callerPid: number | null): Promise<number> {
    this.#log('daemon.stopping');
    const ended = await this.#registry.stop(callerPid);
    this.#listener?.close();
    // The answers to whoever asked are queued after this returns.
    this.#reactor.after(0, () => this.#farewell());
    return ended;
  }

  #farewell(): void {
    for (const connection of this.#connections) connection.endQuietly();
    const leave = () => {
      this.#log('daemon.stopped');
      exitNow(0);
    };
    this.#reactor.after(FAREWELL_MS, leave);
    const whenAllGone = () => (this.#connections.size === 0 ? leave() : this.#reactor.after(10, whenAllGone));
    whenAllGone();
  }
}

export function startError(error: unknown): { code: string; message: string } {
  if (error instanceof HoldfastError) return { code: error.code, message: error.message };
  return { code: 'E_DAEMON_START', message: error instanceof Error ? error.message : String(error) };
}
