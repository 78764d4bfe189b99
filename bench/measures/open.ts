import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { environment, Holdfast } from '../holdfast.ts';
import type { Measure } from '../measure.ts';
import { median } from '../statistics.ts';

/** Wall time of `new -d`, with a daemon running and with none. */
export const open: Measure = {
  name: 'new',
  title: 'holdfast new -d, from start to exit',
  async run({ options, reactor, scope, folder, progress }) {
    const warm = scope.own(
      new Holdfast({ program: options.holdfast, home: path.join(folder, 'warm'), reactor }),
    );
    const cold = scope.own(
      new Holdfast({ program: options.holdfast, home: path.join(folder, 'cold'), reactor }),
    );
    warm.openIdle();
    const warmMs: number[] = [];
    const coldMs: number[] = [];
    const tmuxMs: number[] = [];
    for (let round = 1; round <= options.repeats; round += 1) {
      progress(`new: ${round} of ${options.repeats}`);
      warmMs.push(warm.timeOpenIdle());
      coldMs.push(cold.timeOpenIdle());
      cold.stop();
      tmuxMs.push(...timeTmux(folder));
    }
    const row = (name: string, timesMs: readonly number[]) => ({
      command: name,
      'median ms': median(timesMs).toFixed(1),
      'fastest ms': Math.min(...timesMs).toFixed(1),
      'slowest ms': Math.max(...timesMs).toFixed(1),
    });
    return {
      rows: [
        row('new -d, daemon running', warmMs),
        row('new -d, no daemon', coldMs),
        ...(tmuxMs.length > 0 ? [row('tmux new -d, no server', tmuxMs)] : []),
      ],
      goals: [],
      charts: [
        {
          name: 'new',
          unit: 'ms',
          bars: [
            { name: 'daemon running', value: median(warmMs) },
            { name: 'no daemon', value: median(coldMs) },
            ...(tmuxMs.length > 0 ? [{ name: 'tmux, no server', value: median(tmuxMs) }] : []),
          ],
        },
      ],
    };
  },
};

/** Milliseconds of the same with tmux; nothing where it is not installed. */
function timeTmux(folder: string): number[] {
  const env = environment({ TMUX_TMPDIR: folder });
  const tmux = (...args: string[]) => spawnSync('tmux', ['-L', 'bench', '-f', '/dev/null', ...args], { env });
  const beginMs = performance.now();
  const { status } = tmux('new', '-d', 'sleep 1000000');
  const tookMs = performance.now() - beginMs;
  tmux('kill-server');
  return status === 0 ? [tookMs] : [];
}
