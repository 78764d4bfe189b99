import type { Connector } from '@holdfast/client';
import { Supervisor } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { CLIENT_NAME } from './client-name.ts';
import { ownInstallation } from './own-installation.ts';

/** The supervisor of the chosen namespace, for this installation. It loads libc. */
export function supervisorOf({ home, env }: Context, connector?: Connector): Supervisor {
  return new Supervisor({
    home,
    env,
    name: CLIENT_NAME,
    installation: ownInstallation(env),
    ...(connector ? { connector } : {}),
  });
}
