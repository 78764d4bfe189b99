import type { Connector } from '@holdfast/client';
import type { Context } from '../context.ts';
import { supervisorOf } from './supervisor.ts';

/** Starts the daemon of this installation, unless one runs; returns when it serves. A file of its own, since it loads libc. */
export async function startDaemon(context: Context, connector: Connector): Promise<void> {
  await supervisorOf(context, connector).ensure();
}
