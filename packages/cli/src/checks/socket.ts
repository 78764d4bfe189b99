import fs from 'node:fs';
import { type Check, ok, warn } from './finding.ts';

/** Bytes of a path in a `sockaddr_un`, without its closing NUL. */
const SOCKET_PATH_BYTES = process.platform === 'darwin' ? 103 : 107;

/** Whether every program can reach the socket, and nobody else can see it. */
export const socketPath: Check = {
  name: 'socket path',
  run({ home }) {
    const bytes = Buffer.byteLength(home.socketPath);
    const detail = `${home.socketPath}, ${bytes} of ${SOCKET_PATH_BYTES} bytes`;
    const readable = [...new Set([home.runtimeDir, home.stateDir])].find(isOpenToOthers);
    if (readable !== undefined) {
      return warn(`${readable} has mode ${modeOf(readable)?.toString(8)}`, {
        why: 'others can see what lies in it, though no daemon answers them',
        hint: `chmod 700 ${readable}`,
      });
    }
    if (bytes <= SOCKET_PATH_BYTES) return ok(detail);
    return warn(detail, {
      why: 'this program goes a way round, others can not connect, and sessions have no link to the ssh agent',
      hint: 'set HOLDFAST_HOME, or XDG_RUNTIME_DIR, to a folder with a shorter path',
    });
  },
};

function isOpenToOthers(folder: string): boolean {
  return ((modeOf(folder) ?? 0) & 0o077) !== 0;
}

function modeOf(folder: string): number | undefined {
  const mode = fs.statSync(folder, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : mode & 0o777;
}
