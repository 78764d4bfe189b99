import { existsSync } from 'node:fs';
import { HoldfastError } from '@holdfast/protocol';
import { start } from './ensure.ts';
import { underLifecycleLock } from './lifecycle-lock.ts';
import { end, type Stopped } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** What was ended before the new daemon was started. */
export type Restarted = Exclude<Stopped, { kind: 'notRunning' }>;

/**
 * Ends every session, and starts the daemon of this installation anew; nobody else starts or stops one in between.
 * Throws E_NO_DAEMON if none runs, E_TIMEOUT as `stop` does, E_DAEMON_START if all has ended and the new one does not start.
 */
export async function restart(surroundings: Surroundings): Promise<Restarted> {
  const { home, connector, emit } = surroundings;
  if (!existsSync(home.stateDir)) throw noDaemon();
  return underLifecycleLock(home, connector, async () => {
    const ended = await end(surroundings);
    if (ended.kind === 'notRunning') throw noDaemon();
    await start(surroundings);
    emit({ type: 'restart', sessions: ended.kind === 'stopped' ? ended.ended : null });
    return ended;
  });
}

function noDaemon(): HoldfastError {
  return new HoldfastError('E_NO_DAEMON', 'no daemon is running');
}
