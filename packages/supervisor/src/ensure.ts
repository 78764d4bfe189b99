import type { DaemonIdentity } from '@holdfast/protocol';
import { HoldfastError } from '@holdfast/protocol';
import { repairManifest } from './adopt.ts';
import { createHome } from './home.ts';
import { underLifecycleLock } from './lifecycle-lock.ts';
import { correctManifest } from './manifest.ts';
import { startDaemon } from './start-daemon.ts';
import { launchOptions, reach, type Surroundings } from './surroundings.ts';

const HELLO_MS = 5_000;

/** Makes sure that a daemon accepts connections, and starts one if none does; resolves with whichever serves then. */
export async function ensure(surroundings: Surroundings): Promise<DaemonIdentity> {
  const { home, connector } = surroundings;
  createHome(home);
  const isNew = await underLifecycleLock(home, connector, () => start(surroundings));
  const client = await reach(surroundings, HELLO_MS);
  if (!client) throw new HoldfastError('E_NO_DAEMON', 'the daemon has ended again');
  client.close();
  if (isNew) correctManifest(home, client, null);
  else repairManifest(surroundings, client);
  return client.daemon;
}

/** For who has the lifecycle lock. Resolves with whether it was started here. */
export async function start(surroundings: Surroundings): Promise<boolean> {
  const { emit } = surroundings;
  const began = performance.now();
  try {
    const isNew = await startDaemon(launchOptions(surroundings));
    if (isNew) emit({ type: 'spawn', tookMs: Math.round(performance.now() - began) });
    return isNew;
  } catch (error) {
    if (error instanceof HoldfastError)
      emit({ type: 'spawn_failed', code: error.code, reason: error.message });
    throw error;
  }
}
