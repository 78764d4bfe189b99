import type { Clock } from '@holdfast/client';
import { ensureDaemon } from '@holdfast/supervisor';
import type { Context } from '../context.ts';
import { daemonEntry, keeperEntry } from './daemon-entry.ts';

/** Starts the daemon of this installation, unless one runs; returns when it accepts. */
export async function startDaemon({ home, env }: Context, clock?: Clock): Promise<void> {
  await ensureDaemon({
    home,
    env,
    daemonEntry: daemonEntry(env),
    keeperEntry: keeperEntry(),
    ...(clock ? { clock } : {}),
  });
}
