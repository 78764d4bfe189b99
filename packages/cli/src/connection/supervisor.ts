import type { Connector } from '@holdfast/client';
import { Supervisor } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { CLIENT_NAME } from './client-name.ts';
import { daemonEntry, keeperEntry } from './daemon-entry.ts';
import { availableBuild } from './available-build.ts';

/** The supervisor of the chosen namespace, for this installation. It loads libc. */
export function supervisorOf({ home, env }: Context, connector?: Connector): Supervisor {
  return new Supervisor({
    home,
    env,
    name: CLIENT_NAME,
    installation: { daemonEntry: daemonEntry(env), keeperEntry: keeperEntry(), build: availableBuild(env) },
    ...(connector ? { connector } : {}),
  });
}
