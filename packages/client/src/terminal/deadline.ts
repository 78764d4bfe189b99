import { HoldfastError } from '@holdfast/protocol';
import { LATE, withinTime } from '../waiting/within-time.ts';
import type { Limited } from './terminal-options.ts';

export const STANDARD_MS = 30_000;

/** Runs something that ends at a signal: at the caller's, or when its time is over, by E_TIMEOUT with what `late` says of a time. */
export async function beforeDeadline<T>(
  { signal, timeoutMs = STANDARD_MS }: Limited,
  late: (time: string) => string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const result = await withinTime({ signal, timeoutMs }, run);
  if (result === LATE) throw new HoldfastError('E_TIMEOUT', late(`${timeoutMs} ms`));
  return result;
}
