import type { Client } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import type { DaemonStart } from '@holdfast/protocol/keeper';
import { askKeeper } from '@holdfast/supervisor/keeper';
import type { Context } from '../context.ts';
import { connectIfRunning } from './connect.ts';

/**
 * Has the keeper start this daemon, and none other from now on, unless one runs; returns a client of the one that runs then.
 * Throws E_NO_DAEMON if there is no keeper, E_HELD if the daemon dies as those before it did.
 */
export async function resumeDaemon(context: Context, start: DaemonStart, timeoutMs: number): Promise<Client> {
  const { home } = context;
  const { daemonPid } = await askKeeper(home, { type: 'resume', parameters: start }, timeoutMs);
  if (daemonPid === null) throw new HoldfastError('E_DAEMON_START', `${start.node} could not be started`);
  const client = await connectIfRunning(context);
  if (!client) throw new HoldfastError('E_NO_DAEMON', 'the daemon has ended again');
  return client;
}
