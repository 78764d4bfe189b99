import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { environment, Holdfast } from '../holdfast.ts';
import type { Measure } from '../measure.ts';
import { median } from '../statistics.ts';

const SESSION_COUNTS = [0, 10, 100];
const GOAL_MS = 100;
const GOAL_SESSIONS = 10;

/** Wall time of `holdfast ls`, beside the time that Node takes to start and do nothing. */
export const list: Measure = {
  name: 'ls',
  title: 'holdfast ls, from start to exit',
  async run({ options, reactor, scope, folder, progress }) {
    const timed: { name: string; run: () => number; timesMs: number[] }[] = [
      { name: 'node -e 0', run: timeNode, timesMs: [] },
    ];
    for (const count of SESSION_COUNTS) {
      progress(`ls: opening ${count} sessions`);
      const home = path.join(folder, `${count}`);
      const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
      holdfast.startDaemon();
      await holdfast.openIdleSessions(count);
      timed.push({ name: `holdfast ls, ${count} sessions`, run: () => holdfast.time('ls'), timesMs: [] });
    }
    for (let round = 1; round <= options.repeats; round += 1) {
      progress(`ls: ${round} of ${options.repeats}`);
      for (const { run, timesMs } of timed) timesMs.push(run());
    }
    const floorMs = median(timed[0]?.timesMs ?? []);
    const rows = timed.map(({ name, timesMs }) => ({
      command: name,
      'median ms': median(timesMs).toFixed(1),
      'fastest ms': Math.min(...timesMs).toFixed(1),
      'slowest ms': Math.max(...timesMs).toFixed(1),
      'above node ms': (median(timesMs) - floorMs).toFixed(1),
    }));
    const judged = timed[1 + SESSION_COUNTS.indexOf(GOAL_SESSIONS)];
    return {
      rows,
      goals: [
        {
          text: `ms of ls with ${GOAL_SESSIONS} sessions`,
          is: 'at most',
          limit: GOAL_MS,
          value: judged && median(judged.timesMs),
        },
      ],
    };
  },
};

function timeNode(): number {
  const beginMs = performance.now();
  spawnSync(process.execPath, ['-e', '0'], { env: environment() });
  return performance.now() - beginMs;
}
