import fs from 'node:fs';
import path from 'node:path';
import { close, WOULD_BLOCK } from './descriptors.ts';
import { isErrno } from './errors.ts';
import { READABLE, type Reactor, type Watch } from './reactor.ts';
import { acceptUnix, listenUnix, peerCredentials } from './unix-socket.ts';

/** Without descriptors a waiting connection can't be taken, and would be reported again at once. */
const NO_DESCRIPTORS_PAUSE_MS = 100;

export interface UnixListenerEvents {
  /** A process of the same user has connected. The descriptor is the callee's to close. */
  accepted(fd: number, pid: number | null): void;
  /** One of another user has; it is refused. */
  foreign?(peer: { uid: number; pid: number | null }): void;
  /** There is no descriptor left for one that waits; it is tried again after 100 ms. */
  exhausted?(error: unknown): void;
}

/** Takes the connections of a Unix socket, from processes of the same user only. */
export class UnixListener {
  readonly fd: number;
  readonly #reactor: Reactor;
  readonly #events: UnixListenerEvents;
  readonly #watch: Watch;

  /** Takes over a socket that listens. */
  constructor(fd: number, reactor: Reactor, events: UnixListenerEvents) {
    this.fd = fd;
    this.#reactor = reactor;
    this.#events = events;
    this.#watch = reactor.watch(fd, READABLE, () => this.#accept());
  }

  /**
   * A socket that listens at a path, in place of whatever stands there. It is bound beside it and renamed, so that nobody finds
   * one that does not listen yet. Throws PosixError.
   */
  static bind(path: string, backlog: number): number {
    const fresh = `${path}.new`;
    fs.rmSync(fresh, { force: true });
    const fd = listenUnix(fresh, backlog);
    fs.renameSync(fresh, path);
    return fd;
  }

  /**
   * Makes the folder in which a socket is to be, and the one above it. Not what is above the program's own folders: that of a
   * user who isn't logged in is the system's to make. Throws Node's error.
   */
  static makeFolder(folder: string): void {
    for (const one of [path.dirname(folder), folder])
      if (!fs.existsSync(one)) fs.mkdirSync(one, { mode: 0o700 });
  }

  /** Stops listening. */
  close(): void {
    this.#watch.close();
    close(this.fd);
  }

  #accept(): void {
    for (;;) {
      let fd: number;
      try {
        fd = acceptUnix(this.fd);
      } catch (error) {
        if (!isErrno(error, 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS')) throw error;
        this.#events.exhausted?.(error);
        this.#watch.interest = 0;
        this.#reactor.after(NO_DESCRIPTORS_PAUSE_MS, () => {
          this.#watch.interest = READABLE;
        });
        return;
      }
      if (fd === WOULD_BLOCK) return;
      const peer = peerCredentials(fd);
      if (peer.uid === process.geteuid?.()) {
        this.#events.accepted(fd, peer.pid);
        continue;
      }
      this.#events.foreign?.(peer);
      close(fd);
    }
  }
}
