import path from 'node:path';
import type { Measure } from '../measure.ts';
import { attachPeers } from '../peers.ts';
import { familyCpuMs } from '../process-family.ts';
import { ratioCell, ratioGoal } from '../ratios.ts';
import { median } from '../statistics.ts';
import { writeText } from '../text-file.ts';

/** Seconds from typing `cat FILE` until what the shell prints after it shows in the attached client's terminal. */
export const flood: Measure = {
  name: 'flood',
  title: 'cat of a text file through an attached client',
  async run(bench) {
    const { mb, rounds } = bench.options;
    const file = path.join(bench.folder, 'flood.txt');
    writeText(file, mb);
    const { peers } = await attachPeers(bench);
    const cpuMs = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
    const seconds = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { name, terminal, folder } of peers) {
        bench.progress(`flood: round ${round} of ${rounds}, ${name}`);
        const cpuBeforeMs = familyCpuMs(folder);
        const shown = terminal.until(`marker${round}`);
        const beginMs = performance.now();
        terminal.type(`cat ${file}; echo mar""ker${round}\r`);
        seconds.get(name)?.push(((await shown) - beginMs) / 1000);
        await terminal.quiet();
        cpuMs.get(name)?.push(familyCpuMs(folder) - cpuBeforeMs);
      }
    }
    const speeds = new Map(peers.map(({ name }) => [name, mb / median(seconds.get(name) ?? [])]));
    const rows = peers.map(({ name }) => {
      const taken = seconds.get(name) ?? [];
      return {
        through: name,
        seconds: median(taken).toFixed(3),
        fastest: Math.min(...taken).toFixed(3),
        slowest: Math.max(...taken).toFixed(3),
        'MB/s': (speeds.get(name) ?? Number.NaN).toFixed(1),
        'processor s': (median(cpuMs.get(name) ?? []) / 1000).toFixed(2),
        'holdfast is × as fast': ratioCell(name, speeds),
      };
    });
    return {
      rows,
      goals: [
        ratioGoal('flood MB/s', { peer: 'tmux', is: 'at least', limit: 1.2 }, speeds),
        ratioGoal('flood MB/s', { peer: 'dtach', is: 'at least', limit: 0.8 }, speeds),
      ],
    };
  },
};
