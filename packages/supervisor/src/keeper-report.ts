import { readFileSync } from 'node:fs';
import { HoldfastError } from '@holdfast/protocol';
import { type KeeperReport, parseKeeperReport } from '@holdfast/protocol/keeper-report';
import type { Home } from './home.ts';
import { startTimeOf } from './start-time.ts';

/** What the keeper of a home says of itself, in its file; undefined if there is none. Its pid is believed only with its start time. */
export function keeperReport(home: Home): KeeperReport | undefined {
  try {
    const report = parseKeeperReport(readFileSync(home.keeperReportPath, 'utf8'));
    // One that was killed leaves its file, and another process may have its pid by now.
    process.kill(report.pid, 0);
    const startTime = startTimeOf(report.pid);
    // Without either: an older keeper, or a system that tells nothing.
    const isAnother =
      report.startTime !== undefined && startTime !== undefined && startTime !== report.startTime;
    return isAnother ? undefined : report;
  } catch {
    // ENOENT, ESRCH: there is none. What can't be read says nothing.
    return undefined;
  }
}

/** Throws E_HELD if the keeper of a home starts no daemon any more until it is told to. */
export function refuseIfHeld(home: Home): void {
  const report = keeperReport(home);
  if (report?.state !== 'held') return;
  const why = `${report.failures} daemons in a row could not go on, and none is started any more: ${report.reason ?? ''}`;
  throw new HoldfastError('E_HELD', `${why}; programs run on; holdfast resume tries again`);
}
