// Holdfast for long, with sessions at work and an upgrade now and then, and whether memory and descriptors stay flat (tests/soak/).
//
//   npm run soak -- [--minutes N] [--sessions N] [--upgrade-seconds N]     120, 100 and 60; exit 1 if anything grows
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './root.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    sessions: { type: 'string', default: '100' },
    'upgrade-seconds': { type: 'string', default: '60' },
  },
});
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, HOLDFAST_TEST_LONG: '1' };
for (const [name, value] of [
  ['HOLDFAST_SOAK_MINUTES', values.minutes],
  ['HOLDFAST_SOAK_SESSIONS', values.sessions],
  ['HOLDFAST_SOAK_UPGRADE_SECONDS', values['upgrade-seconds']],
]) {
  if (name === undefined || value === undefined) continue;
  if (!/^\d{1,5}(\.\d+)?$/.test(value)) {
    console.error(`soak: ${value} is no number`);
    process.exit(2);
  }
  env[name] = value;
}
const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'tests/long/soak.test.ts', '--project=long', '--disableConsoleIntercept'],
  { cwd: root, stdio: 'inherit', env },
);
process.exitCode = status ?? 1;
