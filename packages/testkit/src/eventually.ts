import { setTimeout as pause } from 'node:timers/promises';

/** Long enough for a busy machine; a test that needs this long has failed. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 5;

/**
 * For what no event tells, such as a count in /proc: looks until it holds. `probe` gives undefined or false as long as
 * it does not. Rejects with `what` when it never does.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs: number = PATIENCE_MS,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const result = await probe();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await pause(LOOK_EVERY_MS);
  }
}

/** What a probe gives when it has given the same for a while. */
export async function settled(probe: () => number | Promise<number>): Promise<number> {
  const SAME_TIMES = 20;
  let last = Number.NaN;
  let same = 0;
  const found = await eventually('a settled number', async () => {
    const now = await probe();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= SAME_TIMES ? { now } : undefined;
  });
  return found.now;
}

/** A promise with a deadline: rejects with `what` if it is not settled by then. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  withinMs: number = PATIENCE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets time pass that the claim itself is about ("for 10 s"); never to order two steps. */
export function passTime(ms: number): Promise<void> {
  return pause(ms);
}
