import fs from 'node:fs';
import { close, type Reactor, UnixListener } from '@holdfast/posix';
import { LIMITS } from '@holdfast/protocol';
import type { Log } from './log.ts';

/** Connections that wait to be accepted; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 1024;

export const TOO_MANY_CLIENTS = `there are ${LIMITS.clients} clients already`;

export interface Accepted {
  readonly fd: number;
  readonly peerPid: number | null;
}

export interface ListenerSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  /** Takes a connection, or returns false if there are so many that it is not even told so. */
  readonly accepted: (socket: Accepted) => boolean;
}

/** The daemon's socket. Only the holder of the home's lock may make one: it replaces whatever stands at the path. */
export class Listener {
  readonly #path: string;
  readonly #surroundings: ListenerSurroundings;
  #socket: UnixListener;

  /** Takes over a socket that is bound to `path` and listens. */
  constructor(fd: number, path: string, surroundings: ListenerSurroundings) {
    this.#path = path;
    this.#surroundings = surroundings;
    this.#socket = this.#watch(fd);
  }

  static bind(path: string, surroundings: ListenerSurroundings): Listener {
    return new Listener(UnixListener.bind(path, BACKLOG), path, surroundings);
  }

  /** For keeper and successor. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** Whether clients can find it. */
  get isThere(): boolean {
    return fs.lstatSync(this.#path, { throwIfNoEntry: false })?.isSocket() ?? false;
  }

  /** Makes one anew where somebody has removed it. Who is connected stays so. Throws PosixError or Node's error. */
  rebind(): void {
    const fresh = this.#watch(UnixListener.bind(this.#path, BACKLOG));
    this.#socket.close();
    this.#socket = fresh;
  }

  /** Removes the socket and stops listening. */
  close(): void {
    fs.rmSync(this.#path, { force: true });
    this.#socket.close();
  }

  #watch(fd: number): UnixListener {
    const { reactor, log } = this.#surroundings;
    return new UnixListener(fd, reactor, {
      accepted: (socket, pid) => this.#admit({ fd: socket, peerPid: pid }),
      foreign: ({ uid, pid }) => log('client.foreign', { uid, pid }),
      exhausted: (error) => log('listener.no-descriptors', { error: String(error) }),
    });
  }

  #admit(socket: Accepted): void {
    const { accepted, log } = this.#surroundings;
    if (accepted(socket)) return;
    log('client.refused', { pid: socket.peerPid, code: 'E_LIMIT', message: TOO_MANY_CLIENTS });
    close(socket.fd);
  }
}
