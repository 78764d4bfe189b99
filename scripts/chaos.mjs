// Everything that can happen to Holdfast, at once and for long, and a table of what came of it (tests/chaos/).
//
//   npm run chaos -- [--seed N] [--minutes N]     the same seed makes the same things happen in the same order
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './root.mjs';

const { values } = parseArgs({ options: { seed: { type: 'string' }, minutes: { type: 'string' } } });
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, HOLDFAST_TEST_LONG: '1' };
for (const [name, value] of [
  ['HOLDFAST_CHAOS_SEED', values.seed],
  ['HOLDFAST_CHAOS_MINUTES', values.minutes],
]) {
  if (name === undefined || value === undefined) continue;
  if (!/^\d{1,10}(\.\d+)?$/.test(value)) {
    console.error(`chaos: ${value} is no number`);
    process.exit(2);
  }
  env[name] = value;
}
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'tests/long/chaos.test.ts', '--project=long', '--disableConsoleIntercept'],
  { cwd: root, stdio: 'inherit', env },
);
process.exitCode = status ?? 1;
