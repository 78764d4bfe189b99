import type { Build } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { availableBuild } from './available-build.ts';
import { isTyped } from './typed-command.ts';

/**
 * Has an older daemon upgraded to this build, by a process of its own: the command that somebody has typed does not wait for it. True if it
 * does. Scripts are spared: nobody would see what has changed under them.
 */
export async function upgradeIfOlder(running: Build, context: Context): Promise<boolean> {
  const { env, home } = context;
  if (!(await isUpgradeDue(running, context)) || !isTyped()) return false;
  // Loaded by no command that has nothing to start.
  const { spawn } = await import('node:child_process');
  const args = [process.argv[1] ?? '', '--namespace', home.namespace, 'upgrade', '--auto'];
  // In the same folder: paths in the environment may be relative to it.
  const upgrading = spawn(process.execPath, args, { env, detached: true, stdio: 'ignore' });
  upgrading.on('error', () => undefined); // EAGAIN: the next command tries again
  upgrading.unref();
  return true;
}

/** Whether that daemon is to become this build though nobody has asked for it. */
export async function isUpgradeDue(running: Build, { env, home }: Context): Promise<boolean> {
  const available = availableBuild(env);
  if (!available || available.version === running.version || env['HOLDFAST_AUTO_UPDATE'] === 'off')
    return false;
  const { isUpdateWanted } = await import('@holdfast/supervisor/status');
  return isUpdateWanted(home, { running, available });
}
