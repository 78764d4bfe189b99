import path from 'node:path';
import { Holdfast } from '../holdfast.ts';
import type { Bench, Measure } from '../measure.ts';
import { processMemory, type ProcessMemory } from '../process-memory.ts';

const SESSION_COUNTS = [0, 1, 100, 200, 1_000] as const;
const GOAL_IDLE_MB = 60;
const GOAL_1000_MB = 120;
const GOAL_PRIVATE_MB = 35;
const GOAL_KB_PER_SESSION = 64;
/** After the last session was opened: the garbage of opening is collected when the daemon likes. */
const SETTLE_MS = 2_000;

/** Memory of the daemon by the number of idle sessions. */
export const memory: Measure = {
  name: 'memory',
  title: 'memory of the daemon, KB',
  async run({ options, reactor, scope, folder, progress }) {
    const home = path.join(folder, 'home');
    const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
    const pid = holdfast.startDaemon();
    const keeper = holdfast.keeperPid();
    const taken = new Map<number, ProcessMemory>();
    let keeperKb: number | undefined;
    let opened = 0;
    for (const count of SESSION_COUNTS) {
      progress(`memory: ${count} sessions`);
      await holdfast.openIdleSessions(count - opened);
      opened = count;
      await settle(reactor);
      taken.set(count, processMemory(pid));
      if (count === 1 && keeper !== undefined) keeperKb = processMemory(keeper).private;
    }
    const rows = [...taken].map(([count, kb]) => ({
      sessions: count,
      RSS: kb.rss,
      private: kb.private,
      Pss: kb.pss,
      'RSS without history': kb.rest.rss,
      'private without history': kb.rest.private,
      ring: kb.ring,
      ledger: kb.ledger,
      marks: kb.marks,
      'a further session': furtherSession(taken, count, ({ rest }) => rest.rss)?.toFixed(1) ?? '–',
      'with ledger and marks': furtherSession(taken, count, withoutRing)?.toFixed(1) ?? '–',
    }));
    const idleKb = taken.get(0)?.rss;
    const daemonKb = taken.get(1)?.private;
    const full = taken.get(1_000)?.rest.rss;
    return {
      rows,
      goals: [
        {
          text: 'MB RSS of an idle daemon',
          is: 'at most',
          limit: GOAL_IDLE_MB,
          value: idleKb && idleKb / 1024,
        },
        {
          text: 'KB RSS of a further idle session, without its history',
          is: 'at most',
          limit: GOAL_KB_PER_SESSION,
          value: furtherSession(taken, SESSION_COUNTS[3], ({ rest }) => rest.rss),
        },
        {
          text: 'MB RSS of a daemon with 1,000 idle sessions, without their histories',
          is: 'at most',
          limit: GOAL_1000_MB,
          value: full && full / 1024,
        },
        {
          text: 'MB private of daemon and keeper with one idle session',
          is: 'at most',
          limit: GOAL_PRIVATE_MB,
          value: daemonKb && keeperKb && (daemonKb + keeperKb) / 1024,
        },
      ],
    };
  },
};

/** KB that each session beyond the first adds. */
function furtherSession(
  taken: ReadonlyMap<number, ProcessMemory>,
  count: number,
  kbOf: (memory: ProcessMemory) => number,
): number | undefined {
  const first = taken.get(1);
  const last = taken.get(count);
  return first && last && count > 1 ? (kbOf(last) - kbOf(first)) / (count - 1) : undefined;
}

function withoutRing({ rss, ring }: ProcessMemory): number {
  return rss - ring;
}

function settle(reactor: Bench['reactor']): Promise<void> {
  return new Promise((resolve) => void reactor.after(SETTLE_MS, resolve));
}
