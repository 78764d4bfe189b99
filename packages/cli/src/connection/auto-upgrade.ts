import { spawn } from 'node:child_process';
import type { Build } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { availableBuild } from './available-build.ts';

/**
 * Has an older daemon upgraded to this build, by a process of its own: the command that somebody has typed does not wait for it. True if it
 * does. Scripts are spared: nobody would see what has changed under them.
 */
export async function upgradeIfOlder(running: Build, context: Context): Promise<boolean> {
  const { env, home, columns } = context;
  const available = availableBuild(env);
  if (columns === undefined || env['HOLDFAST_AUTO_UPDATE'] === 'off') return false;
  if (!available || available.version === running.version) return false;
  const { isUpdateWanted } = await import('@holdfast/supervisor/status');
  if (!(await isUpdateWanted(home, { running, available }))) return false;
  const args = [process.argv[1] ?? '', '--namespace', home.namespace, 'upgrade', '--auto'];
  const upgrading = spawn(process.execPath, args, { cwd: '/', env, detached: true, stdio: 'ignore' });
  upgrading.on('error', () => undefined); // EAGAIN: the next command tries again
  upgrading.unref();
  return true;
}
