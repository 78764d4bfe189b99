import { BUILD, VERSION } from '@holdfast/protocol';

/** What the daemon beside this program is. null: HOLDFAST_DAEMON_ENTRY names another, and only that file knows what it is. */
export function availableBuild(env: NodeJS.ProcessEnv): { version: string; build: string } | null {
  return env['HOLDFAST_DAEMON_ENTRY'] ? null : { version: VERSION, build: BUILD };
}
