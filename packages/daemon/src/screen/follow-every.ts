/** To show so much takes 0.2 s at most. */
const MOST_BYTES = 2 * 1024 * 1024;

/** After so much output a screen is shown it, and saved: before the history has it no longer, and as the worker may end at any time. */
export function followEveryBytes(capacity: number): number {
  return Math.min(capacity / 2, MOST_BYTES);
}
