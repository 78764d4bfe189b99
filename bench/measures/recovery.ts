import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Measure } from '../measure.ts';
import { median } from '../statistics.ts';
import { Scope } from '../scope.ts';
import { startFlooded } from '../watched-flood.ts';

const SESSION_COUNTS = [1, 10, 100];
/** A daemon that dies sooner counts against the keeper's budget. */
const LIFE_MS = 2_500;

interface Recovered {
  /** A new connection's first request is answered. */
  readonly answerMs: number[];
  /** The flood's client has the next byte. */
  readonly outputMs: number[];
}

/** From SIGKILL of the daemon until a command is answered, and until output flows again. */
export const recovery: Measure = {
  name: 'recovery',
  title: 'from kill -9 of the daemon until it answers, and until a flooding session goes on',
  async run(bench) {
    const rows = [];
    const bars = [];
    for (const sessions of SESSION_COUNTS) {
      const { answerMs, outputMs } = await recover(sessions, bench);
      rows.push({
        sessions,
        kills: answerMs.length,
        'answer ms': median(answerMs).toFixed(1),
        'slowest answer': Math.max(...answerMs).toFixed(1),
        'output ms': median(outputMs).toFixed(1),
        'slowest output': Math.max(...outputMs).toFixed(1),
      });
      bars.push({ name: `${sessions} sessions, answer`, value: median(answerMs) });
      bars.push({ name: `${sessions} sessions, output`, value: median(outputMs) });
    }
    return { rows, goals: [], charts: [{ name: 'recovery', unit: 'ms', bars }] };
  },
};

async function recover(sessions: number, bench: Bench): Promise<Recovered> {
  const { options, progress } = bench;
  // Of its own: the flood of one number of sessions would take the processor from the next.
  await using scope = new Scope(bench.scope);
  const { holdfast, flood } = await startFlooded(`recovery-${sessions}`, sessions, { ...bench, scope });
  const recovered: Recovered = { answerMs: [], outputMs: [] };
  for (let round = 1; round <= options.rounds; round += 1) {
    progress(`recovery: ${sessions} sessions, ${round} of ${options.rounds}`);
    await delay(LIFE_MS);
    const pid = holdfast.daemonPid();
    if (pid === undefined) throw new Error('no daemon runs');
    const beginMs = performance.now();
    process.kill(pid, 'SIGKILL');
    // What was under way to the client is no sign of a new daemon.
    const goesOn = flood.afterReconnect();
    const other = await holdfast.connect();
    await other.request('list', {});
    recovered.answerMs.push(performance.now() - beginMs);
    other.close();
    recovered.outputMs.push((await goesOn) - beginMs);
  }
  return recovered;
}
