import { BUILD } from '@holdfast/protocol';
import type { KeeperReport } from '@holdfast/protocol/keeper-report';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { type Check, fail, type Finding, ok, warn } from './finding.ts';

/** Whether somebody starts the daemon again, and which build that is. */
export const keeper: Check = {
  name: 'keeper',
  run: ({ home }) => judgeKeeper(keeperReport(home)),
};

export function judgeKeeper(report: KeeperReport | undefined): Finding {
  if (!report) return ok('none is running');
  const { pid, version, build, state, failures, reason } = report;
  const who = `process ${pid}, version ${version}+${build}`;
  if (state === 'held') {
    const why = `${failures} daemons in a row could not go on: ${reason ?? 'for no known reason'}`;
    return fail(
      `${who}, starts no daemon any more: ${why}`,
      'see holdfast logs; holdfast resume tries again, programs run on meanwhile',
    );
  }
  if (build === BUILD) return ok(who);
  return warn(
    `${who}; this command is ${BUILD}`,
    'holdfast upgrade replaces it as well, and keeps the sessions',
  );
}
