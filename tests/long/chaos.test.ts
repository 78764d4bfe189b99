import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { chaos } from '../chaos/chaos.ts';
import { installNode } from '../e2e/support/nodes.ts';

const MINUTES = Number(process.env['HOLDFAST_CHAOS_MINUTES'] ?? 5);
const NODES = [22, 24];
const SEED = Number(process.env['HOLDFAST_CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`chaos for ${MINUTES} minutes, seed ${SEED}: nothing is lost that is not told`, async () => {
  await using home = new TestHome();
  const folder = home.scratch('nodes');
  const nodes: string[] = [];
  for (const major of NODES) {
    const installed = await installNode(path.join(folder, String(major)), major);
    if ('why' in installed) console.log(`without node@${major} of the npm registry: ${installed.why}`);
    else nodes.push(installed.node);
  }
  const tally = await chaos({
    nodes,
    seed: SEED,
    ms: MINUTES * 60_000,
    onEvent: (name, seconds) => console.log(`${seconds.toFixed(1)} s  ${name}`),
    onKept: (folder) => console.log(`the logs are in ${folder}`),
  });
  console.log(`seed ${SEED}, ${MINUTES} minutes\n\n${String(tally)}`);
  expect(tally.faults).toEqual([]);
}, 7_200_000);
