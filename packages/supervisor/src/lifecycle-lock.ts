import { close, lockFile } from '@holdfast/posix';
import type { Clock } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { pause } from './pause.ts';
import type { Home } from './home.ts';

/** A restart that has to kill what does not want to end takes about 10 s; a launch at most 15 s. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;

/**
 * Does something that no other process may do to this home at the same time: start, stop, restart or resume its daemon.
 * The kernel frees the lock of whoever dies. The home's folders exist. Throws E_TIMEOUT if another process has it for 60 s.
 */
export async function underLifecycleLock<T>(home: Home, clock: Clock, action: () => Promise<T>): Promise<T> {
  const lock = await take(home, clock);
  try {
    return await action();
  } finally {
    close(lock);
  }
}

async function take(home: Home, clock: Clock): Promise<number> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const lock = lockFile(home.lifecycleLockPath);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      const why = `another process has been starting or stopping the daemon of ${home.label} for ${PATIENCE_MS} ms`;
      throw new HoldfastError('E_TIMEOUT', why);
    }
    await pause(clock, LOOK_MS);
  }
}
