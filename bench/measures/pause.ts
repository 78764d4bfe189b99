import path from 'node:path';
import type { Client } from '@holdfast/client';
import { Holdfast } from '../holdfast.ts';
import type { Bench, Goal, Measure, Row } from '../measure.ts';
import { median, quantile } from '../statistics.ts';

const SESSIONS = [1, 100];
/** Writes as fast as its terminal takes it. */
const FLOOD = ['sh', '-c', 'stty raw; exec yes 0123456789abcdef0123456789abcdef0123456789abcde'];
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
    for (const sessions of SESSIONS) {
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
      const goal = (part: string, limit: number, value: number): Goal => ({
        text: `ms of pause, ${part}, ${sessions} sessions`,
        is: 'at most',
        limit,
        value,
      });
      goals.push(goal('p50', sessions === 1 ? 10 : 40, median(seen)));
      if (sessions === 1) goals.push(goal('p99', 30, quantile(seen, 0.99)));
    }
    return { rows, goals };
  },
};

async function measure(sessions: number, bench: Bench): Promise<Pauses> {
  const { reactor, options, scope } = bench;
  const home = path.join(bench.folder, `pause-${sessions}`);
  const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
  holdfast.startDaemon();
  await holdfast.openIdleSessions(sessions - 1);
  const client = await holdfast.connect();
  scope.defer(() => client.close());
  const gap = await watchFlood(client, holdfast);
  const target = {
    node: process.execPath,
    execArgv: [],
    entry: path.resolve(options.holdfast, '..', '..', 'dist', 'daemon', 'main.js'),
  };
  const pauses = { withMs: [] as number[], withoutMs: [] as number[], daemonMs: [] as number[] };
  for (let upgrade = 1; upgrade <= options.upgrades; upgrade += 1) {
    bench.progress(`pause: ${sessions} sessions, upgrade ${upgrade} of ${options.upgrades}`);
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

/** Opens a flood and takes all of it; `take` gives the longest gap between two pieces since it was last called. */
async function watchFlood(client: Client, { env }: Holdfast): Promise<{ take(): number }> {
  const parameters = { command: FLOOD, cwd: '/', env: { ...env }, cols: 80, rows: 24 };
  const { session } = await client.request('open', parameters);
  let lastMs = performance.now();
  let longestMs = 0;
  const subscription = await client.subscribe(session.id, {
    from: 'start',
    mode: 'exact',
    onData: (bytes, offset) => {
      const nowMs = performance.now();
      longestMs = Math.max(longestMs, nowMs - lastMs);
      lastMs = nowMs;
      queueMicrotask(() => subscription.acknowledge(offset + bytes.length));
    },
  });
  return {
    take() {
      const taken = longestMs;
      longestMs = 0;
      return taken;
    },
  };
}
