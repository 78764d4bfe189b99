import { readFileSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '@holdfast/protocol';
import * as z from 'zod/mini';
import type { Build } from './update-status.ts';

/** The programs that a supervisor starts, and what they are. */
export interface Installation {
  /** Absolute path of the file that runs the daemon. */
  readonly daemonEntry: string;
  /** Absolute path of the file that runs its keeper; null: it has none, and programs end with a daemon that is killed. */
  readonly keeperEntry: string | null;
  /** Absolute path of the Node that runs both; by default the one that runs this. */
  readonly node?: string;
  /**
   * Version and build of the daemon in that file; by default those that this library was bundled as. null: not known, so that
   * no update is ever pending and none is done by itself.
   */
  readonly build?: Build | null;
}

const describedShape = z.object({ version: z.string(), build: z.string() });

/**
 * The programs in a built tree's `dist` folder, and what they are by the `build.json` there. Throws E_DAEMON_START if that file is
 * missing or none.
 */
export function installationIn(folder: string): Installation {
  const described = path.resolve(folder, 'build.json');
  try {
    return {
      daemonEntry: path.resolve(folder, 'daemon', 'main.js'),
      keeperEntry: path.resolve(folder, 'keeper', 'main.js'),
      build: z.parse(describedShape, JSON.parse(readFileSync(described, 'utf8'))),
    };
  } catch (cause) {
    throw new HoldfastError('E_DAEMON_START', `can't read ${described}: ${String(cause)}`, { cause });
  }
}
