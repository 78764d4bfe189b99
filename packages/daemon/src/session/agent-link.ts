import fs from 'node:fs';
import path from 'node:path';
import { replaceLink } from '../replace-link.ts';

/** `sun_path` must hold the link's path; where it would not, the program keeps its own SSH_AUTH_SOCK. */
const SOCKET_PATH_BYTES_MAX = 103;
/** As many as Linux follows. */
const LINKS_MAX = 40;

/**
 * A stable path to the user's ssh agent: the program's SSH_AUTH_SOCK is a link that is pointed at the agent of whoever
 * attached last, so that a session from last week can still sign.
 */
export class AgentLink {
  readonly path: string;

  constructor(folder: string, sessionId: string) {
    this.path = path.join(folder, sessionId);
  }

  get isUsable(): boolean {
    return Buffer.byteLength(this.path) <= SOCKET_PATH_BYTES_MAX;
  }

  /** Points the link at a socket, in one step. Throws Node's error if that can't be done. */
  pointAt(socketPath: string): void {
    if (!this.isUsable || !path.isAbsolute(socketPath) || this.#isReachedFrom(socketPath)) return;
    fs.mkdirSync(path.dirname(this.path), { recursive: true, mode: 0o700 });
    replaceLink(this.path, socketPath);
  }

  /** Whether a path leads here over links: a client inside a session has that session's link for its agent. */
  #isReachedFrom(socketPath: string): boolean {
    let at = socketPath;
    for (let links = 0; links < LINKS_MAX; links += 1) {
      if (at === this.path) return true;
      try {
        at = path.resolve(path.dirname(at), fs.readlinkSync(at));
      } catch {
        // EINVAL, ENOENT: it is no link.
        return false;
      }
    }
    return true;
  }

  remove(): void {
    fs.rmSync(this.path, { force: true });
  }
}
