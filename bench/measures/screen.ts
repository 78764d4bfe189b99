import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ScreenRecording } from '@holdfast/testkit';
import type { Measure, Row } from '../measure.ts';
import type { Snapshots, Written } from '../snapshots.ts';
import { quantile } from '../statistics.ts';

const KIB = 1024;
const GOAL_HOT_P50_MS = 1;
const GOAL_HOT_P99_MS = 5;
const GOAL_COLD_P50_MS = 8;
const GOAL_COLD_P99_MS = 25;
const GOAL_KIB = 120;
const GOAL_YES_P99_MS = 35;
/** Lines of one letter: a line feed costs most. */
const YES = { name: 'yes', bytes: Buffer.from('y\r\n') };
/** Recordings in which nearly each cell has a colour of its own are no text. */
const COLOURED = new Set(['colours', 'colours-narrow']);

/** The screens of real programs, 200×50 with 1,000 lines above, one after the other. */
export const screen: Measure = {
  name: 'screen',
  title: 'snapshots at 200×50 with 1,000 lines, ms',
  async run({ progress }) {
    const rows: Row[] = [];
    const hot: number[] = [];
    const cold: number[] = [];
    const yes: number[] = [];
    let largest = 0;
    for await (const { name, serializing, restoring, bytes, deflatedBytes, skimmedMbPerS } of snapshots()) {
      progress(`screen: ${name}`);
      hot.push(...serializing);
      (name === YES.name ? yes : cold).push(...restoring);
      if (!COLOURED.has(name)) largest = Math.max(largest, bytes);
      rows.push({
        program: name,
        p50: quantile(serializing, 0.5).toFixed(2),
        p99: quantile(serializing, 0.99).toFixed(2),
        'checkpoint + 256 KiB, p50': quantile(restoring, 0.5).toFixed(1),
        'p99 ': quantile(restoring, 0.99).toFixed(1),
        KiB: (bytes / KIB).toFixed(1),
        deflated: (deflatedBytes / KIB).toFixed(1),
        'skimmed, MB/s': Math.round(skimmedMbPerS),
      });
    }
    return {
      rows,
      goals: [
        { text: 'ms to serialize, p50', is: 'at most', limit: GOAL_HOT_P50_MS, value: quantile(hot, 0.5) },
        { text: 'ms to serialize, p99', is: 'at most', limit: GOAL_HOT_P99_MS, value: quantile(hot, 0.99) },
        {
          text: 'ms from a checkpoint and 256 KiB, p50',
          is: 'at most',
          limit: GOAL_COLD_P50_MS,
          value: quantile(cold, 0.5),
        },
        {
          text: 'ms from a checkpoint and 256 KiB, p99',
          is: 'at most',
          limit: GOAL_COLD_P99_MS,
          value: quantile(cold, 0.99),
        },
        {
          text: 'ms from a checkpoint and 256 KiB of `yes`, p99',
          is: 'at most',
          limit: GOAL_YES_P99_MS,
          value: quantile(yes, 0.99),
        },
        { text: 'KiB of the largest snapshot of text', is: 'at most', limit: GOAL_KIB, value: largest / KIB },
      ],
    };
  },
};

/** Measured by a process of its own, one program after the other. */
async function* snapshots(): AsyncGenerator<Snapshots> {
  const root = path.resolve(import.meta.dirname, '..', '..');
  const program = [path.join(root, 'scripts', 'run-ts.mjs'), path.join(root, 'bench', 'snapshots.ts')];
  const child = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  for (const { name, bytes } of [...ScreenRecording.all(), YES])
    child.stdin.write(`${JSON.stringify({ name, base64: bytes.toString('base64') } satisfies Written)}\n`);
  child.stdin.end();
  for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as Snapshots;
  const [status] = await ended;
  if (status !== 0) throw new Error(`bench/snapshots.ts ended with ${String(status)}`);
}
