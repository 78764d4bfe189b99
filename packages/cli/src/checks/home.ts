import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { checkHome } from '@holdfast/supervisor/home';
import { type Check, fail, ok, warn } from './finding.ts';

/** Room for a good number of histories at 1 MiB each. */
export const FREE_BYTES_MIN = 256 * 1024 * 1024;
const MIB = 1024 * 1024;

export const homeFolder: Check = {
  name: 'home',
  run({ home }) {
    try {
      checkHome(home);
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error), {
        why: 'who may write there could answer in place of the daemon',
        hint: 'chmod 700 it, or set HOLDFAST_HOME to a folder of your own',
      });
    }
    for (const folder of new Set([home.runtimeDir, home.stateDir])) {
      const existing = nearestExisting(folder);
      try {
        accessSync(existing, constants.W_OK | constants.X_OK);
      } catch {
        return fail(`${existing} can't be written to`, {
          why: 'sockets and histories are files in it',
          hint: 'make it writable, or set HOLDFAST_HOME to a folder of your own',
        });
      }
    }
    return ok(existsSync(home.stateDir) ? home.stateDir : `${home.stateDir} will be created`);
  },
};

export const freeSpace: Check = {
  name: 'disk',
  run({ home }) {
    const folder = nearestExisting(home.stateDir);
    const { bavail, bsize } = statfsSync(folder);
    const detail = `${Math.floor((bavail * bsize) / MIB)} MiB are free for histories`;
    if (bavail * bsize >= FREE_BYTES_MIN) return ok(detail);
    return warn(detail, {
      why: 'a session takes the room of its history when it is opened: 1 MiB, unless told otherwise',
      hint: 'make room, or open sessions with --history-in memory',
    });
  },
};

export const runtimeFolder: Check = {
  name: 'runtime folder',
  run({ env, home }) {
    if (env['HOLDFAST_HOME']) return ok(`HOLDFAST_HOME is ${env['HOLDFAST_HOME']}`);
    const folder = env['XDG_RUNTIME_DIR'];
    // A relative one does not count, nor any beside the link that a daemon has left.
    if (!folder || path.dirname(path.dirname(home.runtimeDir)) !== path.normalize(folder))
      return ok(`XDG_RUNTIME_DIR is not used; sockets are in ${home.runtimeDir}`);
    if (!existsSync(folder)) {
      return fail(`XDG_RUNTIME_DIR does not exist: ${folder}`, {
        why: 'sockets are to be in it, and only the system may make it',
        hint: 'log in again, or unset it, or set HOLDFAST_HOME',
      });
    }
    if (statSync(folder).uid === process.getuid?.()) return ok(`XDG_RUNTIME_DIR is ${folder}`);
    return fail(`XDG_RUNTIME_DIR belongs to somebody else: ${folder}`, {
      why: 'no socket can be made there',
      hint: 'unset it (su and sudo keep it by mistake)',
    });
  },
};

/** The folder, or the nearest one above it that is there. */
export function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(path.dirname(folder));
}
