import type { Clock } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import type { Home } from './home.ts';
import { isAccepting } from './home-lock.ts';
import { launchDaemon, type LaunchOptions } from './launch.ts';
import { pause } from './pause.ts';

/** How long another daemon may own the home without accepting: one that is starting, or that is stopping. */
const BUSY_TIMEOUT_MS = 5_000;
/** Pause between looks at a home that is owned by a daemon that does not accept yet. */
const BUSY_LOOK_MS = 20;
/** Looks before another launch is tried: its owner may have failed, or be gone by now. */
const LOOKS_PER_LAUNCH = 10;

/**
 * Starts a daemon, unless one accepts connections in this home, which is then there. Several at once end with one
 * daemon, and all succeed. Resolves with whether it was started here. Throws E_DAEMON_START with the reason.
 */
export async function startDaemon(launch: LaunchOptions): Promise<boolean> {
  const { home, clock } = launch;
  if (isAccepting(home)) return false;
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  while ((await launchDaemon(launch)) === 'busy') {
    if (await isAcceptingSoon(home, clock)) return false;
    if (performance.now() > deadline) {
      throw new HoldfastError(
        'E_DAEMON_START',
        `another daemon owns ${home.label} and has not accepted a connection for ${BUSY_TIMEOUT_MS} ms`,
      );
    }
  }
  return true;
}

async function isAcceptingSoon(home: Home, clock: Clock): Promise<boolean> {
  for (let look = 0; look < LOOKS_PER_LAUNCH; look += 1) {
    if (isAccepting(home)) return true;
    await pause(clock, BUSY_LOOK_MS);
  }
  return false;
}
