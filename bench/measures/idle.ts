import path from 'node:path';
import { Holdfast } from '../holdfast.ts';
import type { Bench, Measure, Row } from '../measure.ts';
import { processCpu } from '../process-cpu.ts';

const SESSION_COUNTS = [0, 50];
const WATCHED_MS = 5_000;
/** Some seconds after the last work V8 collects its garbage once more; that is not what is measured. */
const SETTLE_MS = 10_000;

/** What a daemon costs whose sessions do nothing. */
export const idle: Measure = {
  name: 'idle',
  title: `processor time of an idle daemon in ${WATCHED_MS / 1000} s`,
  async run({ options, reactor, scope, folder, progress }) {
    const home = path.join(folder, 'home');
    const holdfast = scope.own(new Holdfast({ program: options.holdfast, home, reactor }));
    const pid = holdfast.startDaemon();
    const rows: Row[] = [];
    let opened = 0;
    let mostMs = 0;
    for (const count of SESSION_COUNTS) {
      progress(`idle: ${count} sessions`);
      await holdfast.openIdleSessions(count - opened);
      opened = count;
      await pass(reactor, SETTLE_MS);
      const before = processCpu(pid);
      await pass(reactor, WATCHED_MS);
      const after = processCpu(pid);
      const ms = after.ms - before.ms;
      mostMs = Math.max(mostMs, ms);
      rows.push({ sessions: count, 'processor ms': ms.toFixed(2), 'wake-ups': after.runs - before.runs });
    }
    return {
      rows,
      goals: [
        {
          text: `processor ms of an idle daemon in ${WATCHED_MS / 1000} s`,
          is: 'at most',
          limit: 5,
          value: mostMs,
        },
      ],
    };
  },
};

function pass(reactor: Bench['reactor'], ms: number): Promise<void> {
  return new Promise((resolve) => void reactor.after(ms, resolve));
}
