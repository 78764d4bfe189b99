import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Clock } from '@holdfast/client';
import { ensureDaemon } from '@holdfast/supervisor';
import type { Context } from '../context.ts';

/** Starts the daemon of this installation, unless one runs; returns when it accepts. */
export async function startDaemon({ home, env }: Context, clock?: Clock): Promise<void> {
  await ensureDaemon({ home, env, daemonEntry: daemonEntry(env), ...(clock ? { clock } : {}) });
}

/** The daemon lies beside the command line: dist/cli/main.js → dist/daemon/main.js. HOLDFAST_DAEMON_ENTRY: another one. */
function daemonEntry(env: NodeJS.ProcessEnv): string {
  // The program's own path: the chunk of the bundle that this file ends up in lies elsewhere.
  const program = pathToFileURL(process.argv[1] ?? '');
  return env['HOLDFAST_DAEMON_ENTRY'] || fileURLToPath(new URL('../daemon/main.js', program));
}
