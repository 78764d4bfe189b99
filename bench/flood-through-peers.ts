import path from 'node:path';
import type { Bench, Goal, Outcome } from './measure.ts';
import { attachPeers } from './peers.ts';
import { familyCpuMs } from './process-family.ts';
import { ratioCell, ratioGoal } from './ratios.ts';
import { median } from './statistics.ts';

/** What is shown, and how. */
interface Flood {
  readonly name: string;
  /** Writes a file of so many MB. */
  readonly write: (file: string, mb: number) => void;
  /** The command that shows it. */
  readonly show: (file: string) => string;
  /** Of the MB that were asked for: what takes longer is shown less. */
  readonly share?: number;
  readonly goals?: readonly { readonly peer: string; readonly is: Goal['is']; readonly limit: number }[];
}

/** Seconds from typing a command that shows a file until what the shell prints after it shows in the attached client's terminal. */
export async function floodThroughPeers(
  { name: what, write, show, share = 1, goals = [] }: Flood,
  bench: Bench,
): Promise<Outcome> {
  const { rounds } = bench.options;
  const mb = Math.max(1, Math.round(bench.options.mb * share));
  const file = path.join(bench.folder, what);
  write(file, mb);
  const { peers } = await attachPeers(bench);
  const cpuMs = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
  const seconds = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, terminal, folder } of peers) {
      bench.progress(`${what}: round ${round} of ${rounds}, ${name}`);
      const cpuBeforeMs = familyCpuMs(folder);
      const shown = terminal.until(`marker${round}`);
      const beginMs = performance.now();
      terminal.type(`${show(file)}; echo mar""ker${round}\r`);
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
    goals: goals.map((goal) => ratioGoal(`${what} MB/s`, goal, speeds)),
    charts: [{ name: what, unit: 'MB/s', bars: [...speeds].map(([peer, value]) => ({ name: peer, value })) }],
  };
}
