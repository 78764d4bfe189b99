import type { Measure } from '../measure.ts';
import { attachPeers } from '../peers.ts';
import { ratioCell } from '../ratios.ts';
import { median } from '../statistics.ts';

/** Not as the script is written: a title or a status line may show that. */
const SCRIPT =
  'i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done; echo on the scr""een; exec sleep 1000000';
const SHOWN = 'on the screen';

/** From the start of an attaching command until the session's screen shows in its terminal. */
export const attach: Measure = {
  name: 'attach',
  title: 'from the start of an attaching client to the screen',
  async run(bench) {
    const { repeats } = bench.options;
    const { peers } = await attachPeers(bench);
    const timesMs = new Map<string, number[]>();
    for (const peer of peers) {
      await using beside = await peer.besides(SCRIPT);
      if (!beside.attach) continue;
      const taken: number[] = [];
      for (let round = 1; round <= repeats; round += 1) {
        bench.progress(`attach: ${peer.name}, ${round} of ${repeats}`);
        const beginMs = performance.now();
        await using terminal = beside.attach();
        taken.push((await terminal.until(SHOWN)) - beginMs);
        await terminal.quiet();
      }
      timesMs.set(peer.name, taken);
    }
    const medians = new Map([...timesMs].map(([name, taken]) => [name, median(taken)]));
    const rows = [...timesMs].map(([name, taken]) => ({
      through: name,
      'median ms': median(taken).toFixed(1),
      'fastest ms': Math.min(...taken).toFixed(1),
      'slowest ms': Math.max(...taken).toFixed(1),
      'holdfast takes × as long': ratioCell(name, medians),
    }));
    return {
      rows,
      goals: [],
      charts: [{ name: 'attach', unit: 'ms', bars: [...medians].map(([name, value]) => ({ name, value })) }],
    };
  },
};
