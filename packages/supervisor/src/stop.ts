import { HoldfastError } from '@holdfast/protocol';
import { existsSync } from 'node:fs';
import type { Home } from './home.ts';
import { isHomeInUse } from './home-lock.ts';
import { askKeeper } from './keeper.ts';
import { underLifecycleLock } from './lifecycle-lock.ts';
import { removeManifest } from './manifest.ts';
import { pause } from './pause.ts';
import { reach, type Surroundings } from './surroundings.ts';

const HELLO_MS = 5_000;
const KEEPER_MS = 5_000;
/** Killing what does not want to end takes the daemon 6 s; many sessions at once take longer. */
const STOP_MS = 60_000;
/** From the answer to `stop` to the end of the process: it only has to close files. */
const EXIT_PATIENCE_MS = 5_000;
const LOOK_MS = 10;
/** A daemon that dies while it stops is started again by its keeper, with what still runs. */
const ATTEMPTS = 3;

/** What was ended. */
export type Stopped =
  | { readonly kind: 'notRunning' }
  /** None could be had to end the sessions; they were hung up with the keeper. */
  | { readonly kind: 'stoppedKeeper' }
  /** `ended` = sessions that were running. */
  | { readonly kind: 'stopped'; readonly ended: number };

/**
 * Ends every session, the daemon and its keeper; resolves when they are gone. An upgrade under way is given up if its
 * successor has not taken over, and ended with it if it has.
 * Throws E_TIMEOUT if the daemon does not answer, or does not end: it and its sessions are then still there.
 */
export async function stop(surroundings: Surroundings): Promise<Stopped> {
  const { home, connector } = surroundings;
  if (!existsSync(home.stateDir)) return { kind: 'notRunning' };
  return underLifecycleLock(home, connector, () => end(surroundings));
}

/** For who has the lifecycle lock. */
export async function end(surroundings: Surroundings): Promise<Stopped> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await endOnce(surroundings);
    } catch (error) {
      const isLost = error instanceof HoldfastError && error.code === 'E_DISCONNECTED';
      if (!isLost || attempt >= ATTEMPTS) throw error;
    }
  }
}

async function endOnce(surroundings: Surroundings): Promise<Stopped> {
  let client: Awaited<ReturnType<typeof reach>>;
  try {
    client = await reach(surroundings, HELLO_MS);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'E_HELD') return endKeeper(surroundings);
    throw error;
  }
  if (!client) return { kind: 'notRunning' };
  try {
    const { ended } = await client.request('stop', {}, { timeoutMs: STOP_MS });
    await untilGone(surroundings);
    return { kind: 'stopped', ended };
  } finally {
    client.close();
  }
}

/** No daemon can be had to end the sessions: they are hung up when nobody holds their terminals any more. */
async function endKeeper(surroundings: Surroundings): Promise<Stopped> {
  // Not the pid in its file: that may be another process by now.
  const { report } = await askKeeper(surroundings.home, { type: 'status', parameters: {} }, KEEPER_MS);
  process.kill(report.pid, 'SIGTERM');
  await untilGone(surroundings);
  return { kind: 'stoppedKeeper' };
}

/** The home is free only when the process has ended; a daemon that starts before that would find it taken. */
async function untilGone({
  home,
  connector,
}: {
  home: Home;
  connector: Surroundings['connector'];
}): Promise<void> {
  const deadline = performance.now() + EXIT_PATIENCE_MS;
  while (isHomeInUse(home)) {
    if (performance.now() > deadline) {
      throw new HoldfastError('E_TIMEOUT', 'all sessions have ended, but the daemon has not');
    }
    await pause(connector, LOOK_MS);
  }
  removeManifest(home);
}
