import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './root.mjs';

/**
 * Runs one of the long tests by itself, and ends with its status.
 *
 * @param {string} name of the test, without what all their files end with
 * @param {Record<string, string | undefined>} numbers for it in the environment, by name, as they were given on the command line
 * @param {number} digits of each, at most, before the point
 */
export function longRun(name, numbers, digits) {
  const isNumber = new RegExp(`^\\d{1,${digits}}(\\.\\d+)?$`);
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, HOLDFAST_TEST_LONG: '1' };
  for (const [variable, value] of Object.entries(numbers)) {
    if (value === undefined) continue;
    if (!isNumber.test(value)) {
      console.error(`${name}: ${value} is no number`);
      process.exit(2);
    }
    env[variable] = value;
  }
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(
    process.execPath,
    [vitest, 'run', `tests/long/${name}.test.ts`, '--project=long', '--disableConsoleIntercept'],
    { cwd: root, stdio: 'inherit', env },
  );
  process.exitCode = status ?? 1;
}
