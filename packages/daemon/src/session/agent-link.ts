import fs from 'node:fs';
import path from 'node:path';

/** `sun_path` must hold the link's path; where it would not, the program keeps its own SSH_AUTH_SOCK. */
const SOCKET_PATH_BYTES_MAX = 103;

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
    if (!this.isUsable || !path.isAbsolute(socketPath) || socketPath === this.path) return;
    const folder = path.dirname(this.path);
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const fresh = `${this.path}.new`;
    fs.rmSync(fresh, { force: true });
    fs.symlinkSync(socketPath, fresh);
    fs.renameSync(fresh, this.path);
  }

  remove(): void {
    fs.rmSync(this.path, { force: true });
  }
}
