import type { Build, Home } from '@holdfast/supervisor';
import { readUpdate } from '@holdfast/supervisor/status';
import { availableBuild } from '../connection/available-build.ts';
import { type Finding, ok, warn } from './finding.ts';

export interface RunningBuild {
  readonly running: Build;
  readonly home: Home;
  readonly env: NodeJS.ProcessEnv;
}

/** Whether `who`, a process that runs, is to become the build of this command. A later one stays what it is. */
export async function judgeBuild(who: string, { running, home, env }: RunningBuild): Promise<Finding> {
  const available = availableBuild(env);
  if (!available || running.build === available.build) return ok(who);
  const own = `${available.version}+${available.build}`;
  const { pending } = await readUpdate(home, { running, available });
  if (!pending) return ok(`${who}, which is later than this command (${own})`);
  return warn(`${who}; this command is ${own}`, {
    why: 'what was mended or added since is missing in it',
    hint: 'holdfast upgrade brings daemon and keeper to this build, and keeps the sessions',
  });
}
