import type { Timer } from '../transport.ts';

/** By Node's own timers. */
export function after(ms: number, callback: () => void): Timer {
  const timer = setTimeout(callback, ms);
  return { cancel: () => clearTimeout(timer) };
}
