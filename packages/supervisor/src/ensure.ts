import { existsSync } from 'node:fs';
import type { Clock } from '@holdfast/client';
import { close, connectUnix, isErrno, lockFile } from '@holdfast/posix';
import { HoldfastError } from '@holdfast/protocol';
import { checkHome, createHome, type Home } from './home.ts';
import { launchDaemon } from './launch.ts';

/** How long another daemon may own the home without accepting: one that is starting, or that is stopping. */
const BUSY_TIMEOUT_MS = 5_000;
/** Pause between looks at a home that is owned by a daemon that does not accept yet. */
const BUSY_LOOK_MS = 20;
/** Looks before another launch is tried: its owner may have failed, or be gone by now. */
const LOOKS_PER_LAUNCH = 10;

export interface EnsureOptions {
  readonly home: Home;
  /** File that runs the daemon. */
  readonly daemonEntry: string;
  /** File that runs its keeper; without one the programs end with a daemon that is killed. */
  readonly keeperEntry?: string;
  /** The Node that runs it; by default this one. */
  readonly node?: string;
  /** By default process.env; the daemon gets a small part of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By default Node's timers; the reactor, while that has the event loop. */
  readonly clock?: Clock;
}

/**
 * Makes sure that a daemon accepts connections in this home, and starts one if none does. Several at once end with one
 * daemon, and all succeed. Throws E_DAEMON_START with the reason, or E_NO_DAEMON if the home can't be used.
 */
export async function ensureDaemon(options: EnsureOptions): Promise<void> {
  const { home, daemonEntry, keeperEntry, node = process.execPath } = options;
  const { env = process.env, clock = nodeClock } = options;
  checkHome(home);
  if (isAccepting(home)) return;
  createHome(home);
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  while ((await launchDaemon({ home, daemonEntry, keeperEntry, node, env, clock })) === 'busy') {
    for (let look = 0; look < LOOKS_PER_LAUNCH; look += 1) {
      if (isAccepting(home)) return;
      await new Promise<void>((resolve) => clock.after(BUSY_LOOK_MS, resolve));
    }
    if (performance.now() > deadline) {
      throw new HoldfastError(
        'E_DAEMON_START',
        `another daemon owns ${home.label} and has not accepted a connection for ${BUSY_TIMEOUT_MS} ms`,
      );
    }
  }
}

/** Whether a daemon accepts connections in this home. Throws E_NO_DAEMON if that can't be found out. */
export function isAccepting(home: Home): boolean {
  try {
    close(connectUnix(home.socketPath));
    return true;
  } catch (cause) {
    if (isErrno(cause, 'ENOENT', 'ECONNREFUSED')) return false;
    // A full queue of connects: it is there, and busy.
    if (isErrno(cause, 'EAGAIN')) return true;
    throw new HoldfastError('E_NO_DAEMON', `can't connect to ${home.socketPath}: ${String(cause)}`, {
      cause,
    });
  }
}

/**
 * Whether a daemon owns this home, accepting or not. Looking takes the lock for a moment if it is free: a daemon that
 * starts in that moment finds it taken, and `ensureDaemon` starts it again.
 */
export function isHomeInUse(home: Home): boolean {
  if (!existsSync(home.lockPath)) return false;
  const lock = lockFile(home.lockPath);
  if (lock === undefined) return true;
  close(lock);
  return false;
}

const nodeClock: Clock = {
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};
