import path from 'node:path';
import type { Bench, Goal, Measure, Row } from '../measure.ts';
import { Scope } from '../scope.ts';
import { median, quantile } from '../statistics.ts';
import { startFlooded } from '../watched-flood.ts';

/** What is wanted: milliseconds of pause, by number of sessions. */
const GOALS = [
  { sessions: 1, quantile: 0.5, limitMs: 10 },
  { sessions: 1, quantile: 0.99, limitMs: 30 },
  { sessions: 100, quantile: 0.5, limitMs: 40 },
  { sessions: 1_000, quantile: 0.5, limitMs: 100 },
] as const;
/** With more sessions than this an upgrade is tried less often: each takes a second. */
const MANY_SESSIONS = 200;
const FEWER = 5;
const UPGRADE_TIMEOUT_MS = 60_000;

interface Pauses {
  /** Longest gaps between pieces of output: around each upgrade, and in as long a time without one. */
  readonly withMs: readonly number[];
  readonly withoutMs: readonly number[];
  /** What the daemon says of itself. */
  readonly daemonMs: readonly number[];
}

/** How long output stands still when the daemon is replaced, as a client of a flooding session sees it. */
export const pause: Measure = {
  name: 'pause',
  title: 'pause of a flooding session around an upgrade, ms',
  async run(bench) {
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const sessions of bench.options.sessions) {
      const { withMs, withoutMs, daemonMs } = await measure(sessions, bench);
      const seen = withMs.map((ms, index) => Math.max(0, ms - (withoutMs[index] ?? 0)));
      const row = (name: string, values: readonly number[]) => ({
        [`${name} p50`]: median(values).toFixed(1),
        [`${name} p99`]: quantile(values, 0.99).toFixed(1),
      });
      rows.push({
        sessions,
        upgrades: seen.length,
        ...row('pause', seen),
        ...row('gap with', withMs),
        ...row('gap without', withoutMs),
        ...row('told', daemonMs),
      });
      for (const goal of GOALS) {
        if (goal.sessions !== sessions) continue;
        goals.push({
          text: `ms of pause, p${100 * goal.quantile}, ${sessions} sessions`,
          is: 'at most',
          limit: goal.limitMs,
          value: quantile(seen, goal.quantile),
        });
      }
    }
    const bars = rows.map((row) => ({
      name: `${row['sessions']} sessions`,
      value: Number(row['pause p50']),
    }));
    return { rows, goals, charts: [{ name: 'pause', unit: 'ms', bars }] };
  },
};

async function measure(sessions: number, bench: Bench): Promise<Pauses> {
  const { options, reactor } = bench;
  // Of its own: the flood of one number of sessions would take the processor from the next.
  await using scope = new Scope(bench.scope);
  const { client, flood: gap } = await startFlooded(`pause-${sessions}`, sessions, { ...bench, scope });
  const target = {
    node: process.execPath,
    execArgv: [],
    entry: path.resolve(options.holdfast, '..', '..', 'dist', 'daemon', 'main.js'),
  };
  const pauses = { withMs: [] as number[], withoutMs: [] as number[], daemonMs: [] as number[] };
  const upgrades = sessions > MANY_SESSIONS ? Math.ceil(options.upgrades / FEWER) : options.upgrades;
  for (let upgrade = 1; upgrade <= upgrades; upgrade += 1) {
    bench.progress(`pause: ${sessions} sessions, upgrade ${upgrade} of ${upgrades}`);
    const beginMs = performance.now();
    gap.take();
    const { pauseMs } = await client.request('upgrade', target, { timeoutMs: UPGRADE_TIMEOUT_MS });
    pauses.withMs.push(gap.take());
    const tookMs = performance.now() - beginMs;
    await new Promise<void>((resolve) => void reactor.after(tookMs, resolve));
    pauses.withoutMs.push(gap.take());
    pauses.daemonMs.push(pauseMs);
  }
  return pauses;
}
