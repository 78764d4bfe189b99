import type { Clock } from '@holdfast/client';

/** Looks that nothing announces are this far apart, by the clock of whoever has the event loop. */
export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
