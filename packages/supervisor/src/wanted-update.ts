import type { Home } from './home.ts';
import { readUpdateRecord } from './update-record.ts';
import type { Build } from './update-status.ts';

/** So far back somebody's return to an older build is noticed. */
const HISTORY_ENTRIES = 100;

/**
 * Whether the daemon that runs is to be replaced by `available` though nobody has asked for that: it is older, no update has failed since
 * one was done, and this one was not done before. Who runs an older build after that wants it.
 */
export async function isUpdateWanted(
  home: Home,
  { running, available }: { running: Build; available: Build },
): Promise<boolean> {
  if (running.build === available.build || readUpdateRecord(home).failure !== null) return false;
  // Only builds that differ have to be put in order, and that takes a library.
  const { orderOf } = await import('./build-order.ts');
  if (orderOf(available.version, running.version) <= 0) return false;
  // Reads files by promises, for which no quick command has another use.
  const { readHistory } = await import('./history.ts');
  const history = await readHistory(home, HISTORY_ENTRIES);
  return !history.some(({ kind, to }) => kind === 'updated' && to?.endsWith(available.build));
}
