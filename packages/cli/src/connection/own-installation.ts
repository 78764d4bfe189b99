import type { Installation } from '@holdfast/supervisor';
import { availableBuild } from './available-build.ts';
import { daemonEntry, keeperEntry } from './daemon-entry.ts';

/** The programs beside this one. */
export function ownInstallation(env: NodeJS.ProcessEnv): Installation {
  return { daemonEntry: daemonEntry(env), keeperEntry: keeperEntry(), build: availableBuild(env) };
}
