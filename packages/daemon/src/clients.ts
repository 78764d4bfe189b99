import { Block, type Reactor } from '@holdfast/posix';
import { HoldfastError, LIMITS } from '@holdfast/protocol';
import { Connection, type Requests } from './connection/connection.ts';
import { Batch } from './connection/outbox.ts';
import type { SuspendedConnection } from './connection/suspended-connection.ts';
import { type Accepted, TOO_MANY_CLIENTS } from './listener.ts';
import type { Log } from './log.ts';
import type { Unpacking } from './session/luggage.ts';
import { TypingPace } from './typing-pace.ts';

/** One read of a client's socket. */
const READ_BYTES = 64 * 1024;
/** Clients too many that are told so, and waited for until they have read it; further ones are cut off. */
const REFUSED_MAX = 64;
/** How long a stopping daemon waits for its last answers to be read. */
const FAREWELL_MS = 500;
/** How often it looks whether they were. */
const FAREWELL_LOOK_MS = 10;

export interface ClientsSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  /** Who carries out what they ask. */
  readonly handler: () => Requests;
  /** One has gone. */
  readonly closed: () => void;
}

/** Everybody who is connected to the daemon, and what all of them share. */
export class Clients {
  readonly #surroundings: ClientsSurroundings;
  readonly #connections = new Set<Connection>();
  readonly #batch = new Batch();
  readonly #readBuffer = new Block(READ_BYTES);
  readonly #typing = new TypingPace();
  /** An upgrade lets requests that are being carried out come to their end; new ones wait. */
  #arePaused = false;

  constructor(surroundings: ClientsSurroundings) {
    this.#surroundings = surroundings;
  }

  /** In the order in which they came. */
  get all(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Protocol versions that they speak. */
  get protocolsInUse(): number[] {
    return [...this.#connections].flatMap(({ protocol }) => protocol ?? []);
  }

  /** The daemon serves from now on. */
  serve(): void {
    this.#typing.begin();
  }

  /** Takes requests and input no longer, or again. */
  set arePaused(arePaused: boolean) {
    this.#arePaused = arePaused;
    if (arePaused) this.#typing.end();
    else this.#typing.begin();
    for (const connection of this.#connections) connection.isPaused = arePaused;
  }

  /** Takes one that has come, if only to tell it that there are too many; false if there are too many even for that. */
  accept(socket: Accepted): boolean {
    if (this.#connections.size >= LIMITS.clients + REFUSED_MAX) return false;
    const isOneTooMany = this.#connections.size >= LIMITS.clients && this.#admitted >= LIMITS.clients;
    const connection = this.connect(socket);
    if (isOneTooMany) connection.end(new HoldfastError('E_LIMIT', TOO_MANY_CLIENTS));
    return true;
  }

  /** `suspended`: what a predecessor had of it. */
  connect(
    socket: Accepted,
    suspended?: { readonly state: SuspendedConnection; readonly luggage: Unpacking },
  ): Connection {
    const { reactor, log, handler, closed } = this.#surroundings;
    const surroundings = {
      reactor,
      log,
      batch: this.#batch,
      readBuffer: this.#readBuffer,
      typing: this.#typing,
      handler: handler(),
      closed: (gone: Connection) => {
        this.#connections.delete(gone);
        closed();
      },
    };
    const connection = new Connection(socket, surroundings, suspended);
    if (this.#arePaused) connection.isPaused = true;
    this.#connections.add(connection);
    return connection;
  }

  /** Closes each when it was written everything. Resolves when all have gone, or that takes too long. */
  farewell(): Promise<void> {
    for (const connection of this.#connections) connection.endQuietly();
    const untilMs = performance.now() + FAREWELL_MS;
    return new Promise((resolve) => {
      const look = () => {
        if (this.#connections.size === 0 || performance.now() >= untilMs) resolve();
        else this.#surroundings.reactor.after(FAREWELL_LOOK_MS, look);
      };
      look();
    });
  }

  /** Those that were not refused; one that was may take a while to leave. */
  get #admitted(): number {
    return [...this.#connections].filter(({ isRefused }) => !isRefused).length;
  }
}
