import type { KeeperReport } from '@holdfast/protocol/keeper-report';
import { isHomeInUse } from '@holdfast/supervisor';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import { judgeBuild } from './build.ts';
import { type Check, fail, type Finding, ok, warn } from './finding.ts';

/** Whether somebody starts the daemon again, and which build that is. */
export const keeper: Check = {
  name: 'keeper',
  async run({ env, home }) {
    const report = keeperReport(home);
    if (!report) return judgeNoKeeper(isHomeInUse(home));
    const { pid, version, build } = report;
    const who = `process ${pid}, version ${version}+${build}`;
    if (report.state === 'held') return held(who, report);
    return judgeBuild(who, { running: { version, build }, home, env });
  },
};

function judgeNoKeeper(isDaemonRunning: boolean): Finding {
  if (!isDaemonRunning) return ok('none is running');
  return warn('none is running, though a daemon is', {
    why: 'if that daemon dies, all sessions end with it, and nobody starts another',
    hint: 'holdfast upgrade starts one, and keeps the sessions; if it is gone again, see holdfast logs',
  });
}

function held(who: string, { failures, reason }: KeeperReport): Finding {
  const why = `${failures} daemons in a row could not go on: ${reason ?? 'for no known reason'}`;
  return fail(`${who}, starts no daemon any more: ${why}`, {
    why: 'programs run on, but nobody can reach them',
    hint: 'see holdfast logs; holdfast resume tries again',
  });
}
