import type { DaemonIdentity } from '@holdfast/protocol';
import { HoldfastError } from '@holdfast/protocol';
import { createHome } from './home.ts';
import { underLifecycleLock } from './lifecycle-lock.ts';
import { startDaemon } from './start-daemon.ts';
import { launchOptions, reach, type Surroundings } from './surroundings.ts';

const HELLO_MS = 5_000;

/** Makes sure that a daemon accepts connections, and starts one if none does; resolves with whichever serves then. */
export async function ensure(surroundings: Surroundings): Promise<DaemonIdentity> {
  const { home, connector } = surroundings;
  createHome(home);
  await underLifecycleLock(home, connector, () => start(surroundings));
  const client = await reach(surroundings, HELLO_MS);
  if (!client) throw new HoldfastError('E_NO_DAEMON', 'the daemon has ended again');
  client.close();
  return client.daemon;
}

/** For who has the lifecycle lock. */
export async function start(surroundings: Surroundings): Promise<void> {
  const { emit } = surroundings;
  const began = performance.now();
  try {
    if (await startDaemon(launchOptions(surroundings)))
      emit({ type: 'spawn', tookMs: Math.round(performance.now() - began) });
  } catch (error) {
    if (error instanceof HoldfastError)
      emit({ type: 'spawn_failed', code: error.code, reason: error.message });
    throw error;
  }
}
