import fs from 'node:fs';
import {
  acceptUnix,
  close,
  isErrno,
  listenUnix,
  peerCredentials,
  READABLE,
  type Reactor,
  type Watch,
  WOULD_BLOCK,
} from '@holdfast/posix';
import { encodeControl, LIMITS } from '@holdfast/protocol';
import { write } from '@holdfast/posix';
import type { Log } from './log.ts';

/** Connections that wait to be accepted; the kernel cuts it to net.core.somaxconn. */
const BACKLOG = 1024;
/** Without descriptors a waiting connection can't be taken, and would be reported again at once. */
const NO_DESCRIPTORS_PAUSE_MS = 100;

export interface Accepted {
  readonly fd: number;
  readonly peerPid: number | null;
}

export interface ListenerSurroundings {
  readonly reactor: Reactor;
  readonly log: Log;
  /** Takes a connection, or returns false if there are too many. */
  readonly accepted: (socket: Accepted) => boolean;
}

/** The daemon's socket. Only the holder of the home's lock may make one: it replaces whatever stands at the path. */
export class Listener {
  readonly #fd: number;
  readonly #path: string;
  readonly #watch: Watch;
  readonly #reactor: Reactor;
  readonly #log: Log;
  readonly #accepted: (socket: Accepted) => boolean;

  /** Takes over a socket that is bound to `path` and listens. */
  constructor(fd: number, path: string, surroundings: ListenerSurroundings) {
    this.#path = path;
    this.#reactor = surroundings.reactor;
    this.#log = surroundings.log;
    this.#accepted = surroundings.accepted;
    this.#fd = fd;
    this.#watch = this.#reactor.watch(this.#fd, READABLE, () => this.#accept());
  }

  /** Makes the socket. It is bound beside its path and renamed, so that what stands there is listened on, or stale. */
  static bind(path: string, surroundings: ListenerSurroundings): Listener {
    const fresh = `${path}.new`;
    fs.rmSync(fresh, { force: true });
    const fd = listenUnix(fresh, BACKLOG);
    fs.renameSync(fresh, path);
    return new Listener(fd, path, surroundings);
  }

  /** For a successor. */
  get fd(): number {
    return this.#fd;
  }

  /** Removes the socket and stops listening. */
  close(): void {
    fs.rmSync(this.#path, { force: true });
    this.#watch.close();
    close(this.#fd);
  }

  #accept(): void {
    for (;;) {
      let fd: number;
      try {
        fd = acceptUnix(this.#fd);
      } catch (error) {
        if (!isErrno(error, 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS')) throw error;
        this.#log('listener.no-descriptors', { error: String(error) });
        this.#watch.interest = 0;
        this.#reactor.after(NO_DESCRIPTORS_PAUSE_MS, () => {
          this.#watch.interest = READABLE;
        });
        return;
      }
      if (fd === WOULD_BLOCK) return;
      this.#admit(fd);
    }
  }

  #admit(fd: number): void {
    const { uid, pid } = peerCredentials(fd);
    if (uid !== process.geteuid?.()) {
      this.#log('client.foreign', { uid, pid });
      close(fd);
      return;
    }
    if (this.#accepted({ fd, peerPid: pid })) return;
    const message = `there are ${LIMITS.clients} clients already`;
    this.#log('client.refused', { pid, code: 'E_LIMIT', message });
    try {
      write(fd, encodeControl({ event: 'closing', code: 'E_LIMIT', message }));
    } catch {
      // It has gone already.
    }
    close(fd);
  }
}
