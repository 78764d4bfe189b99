import path from 'node:path';
import type { Bench, Measure, Outcome } from '../measure.ts';
import { type AttachedPeer, attachPeers } from '../peers.ts';
import { ratioCell, ratioGoal } from '../ratios.ts';
import { median, quantile } from '../statistics.ts';
import { writeText } from '../text-file.ts';

const KEYS = 'abcdefghij';
/** Between an echo and the next key. */
const PAUSE_MS = 4;
const ECHO_TIMEOUT_MS = 5_000;
const BESIDE_LIMIT_MS = 10;
/** Shown by each peer before: peerbench.py measures echo on sessions that have been flooded, too. */
const WARM_UP_MB = 20;

/** Another session of the same server writes as fast as it may. */
const FLOOD = 'stty raw; exec yes 0123456789abcdef0123456789abcdef0123456789abcde';

/** From a key to its echo, while a program reads that leaves the echo to the terminal. */
export const echo: Measure = {
  name: 'echo',
  title: 'keystroke to echo through an attached client',
  run: (bench) => typeThroughPeers('echo', bench),
};

/** The same while another session floods. */
export const echoBeside: Measure = {
  name: 'beside',
  title: 'keystroke to echo while another session, which nobody views, writes without end',
  run: (bench) => typeThroughPeers('beside', bench),
};

async function typeThroughPeers(what: 'echo' | 'beside', bench: Bench): Promise<Outcome> {
  const { keys, rounds } = bench.options;
  const { peers } = await attachPeers(bench);
  const file = path.join(bench.folder, 'text');
  writeText(file, WARM_UP_MB);
  for (const { terminal } of peers) {
    const shown = terminal.until('marker');
    terminal.type(`cat ${file}; echo mar""ker\r`);
    await shown;
    await terminal.quiet();
    terminal.type('stty -icanon; cat >/dev/null\r');
    await terminal.quiet(400);
  }
  const latenciesMs = new Map<string, number[]>(peers.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const peer of peers) {
      bench.progress(`${what}: round ${round} of ${rounds}, ${peer.name}`);
      await using _flood = what === 'beside' ? await peer.besides(FLOOD) : undefined;
      const typed = await typeKeys(peer, {
        count: keys,
        pause: () => pause(bench.reactor),
      });
      latenciesMs.get(peer.name)?.push(...typed);
    }
  }
  const medians = new Map(peers.map(({ name }) => [name, median(latenciesMs.get(name) ?? [])]));
  const rows = peers.map(({ name }) => ({
    through: name,
    'p10 ms': quantile(latenciesMs.get(name) ?? [], 0.1).toFixed(3),
    'p50 ms': (medians.get(name) ?? Number.NaN).toFixed(3),
    'p99 ms': quantile(latenciesMs.get(name) ?? [], 0.99).toFixed(3),
    'holdfast takes × as long': ratioCell(name, medians),
  }));
  const p99 = (name: string) => quantile(latenciesMs.get(name) ?? [], 0.99);
  const shown = what === 'echo' ? medians : new Map(peers.map(({ name }) => [name, p99(name)]));
  return {
    rows,
    goals:
      what === 'echo'
        ? [ratioGoal('echo p50', { peer: 'dtach', is: 'at most', limit: 1.1 }, medians)]
        : [
            {
              text: 'ms of echo beside a flood, p99',
              is: 'at most',
              limit: BESIDE_LIMIT_MS,
              value: p99('holdfast'),
            },
          ],
    charts: [{ name: what, unit: 'ms', bars: [...shown].map(([name, value]) => ({ name, value })) }],
  };
}

async function typeKeys(
  { terminal }: AttachedPeer,
  how: { count: number; pause: () => Promise<void> },
): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let typed = 0; typed < how.count; typed += 1) {
    const key = KEYS.charAt(typed % KEYS.length);
    const shown = terminal.until(key, ECHO_TIMEOUT_MS);
    const beginMs = performance.now();
    terminal.type(key);
    latenciesMs.push((await shown) - beginMs);
    await how.pause();
  }
  return latenciesMs;
}

function pause(reactor: { after(ms: number, callback: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => void reactor.after(PAUSE_MS, resolve));
}
