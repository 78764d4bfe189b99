// `npm test`: from a fresh clone to a verdict. Installs, builds, checks, runs the tests; every check counts as a test.
// The last line is `N passed, N failed`, with `, N skipped` if any were.
//
//   node scripts/test.mjs [--long] [FILTER…]     a filter is a part of a test file's path
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { install, isInstalled } from './install.mjs';
import { root } from './root.mjs';
import { bundle, page, passes, rules, types } from './steps.mjs';
import { provideSystemPrograms } from './system-programs.mjs';

/** @typedef {import('./tally-reporter.mjs').Tally} Tally */

const filters = process.argv.slice(2).filter((arg) => arg !== '--long');
const isLong = process.argv.includes('--long');
const total = run();
for (const { name, reason } of total.skipped) console.log(`skipped: ${name}${reason ? ` (${reason})` : ''}`);
const counts = [`${total.passed} passed`, `${total.failed} failed`];
if (total.skipped.length > 0) counts.push(`${total.skipped.length} skipped`);
console.log(counts.join(', '));
process.exitCode = total.failed > 0 ? 1 : 0;

/** @returns {Tally} */
function run() {
  if (!isInstalled()) {
    console.log('Installing…');
    if (!install()) return { passed: 0, failed: 1, skipped: [] };
  }
  const missing = provideSystemPrograms();
  for (const { program, package: name, why } of missing) {
    console.log(`missing: ${program} (Debian: ${name}), tests that need it are skipped: ${why}`);
  }

  /** @type {Tally} */
  const tally = { passed: 0, failed: 0, skipped: [] };
  const built = [types, bundle, page].map((step) => count(tally, passes(step)));
  if (!isLong) for (const step of rules) count(tally, passes(step));

  // Without a bundle the tests that start programs would run the last one.
  const isBundled = built[1] === true && built[2] === true;
  if (isLong && !isBundled) return tally;
  const projects = isLong ? ['long'] : isBundled ? ['unit', 'process', 'e2e'] : ['unit'];
  if (!isBundled) console.log('not run, for want of a bundle: process, e2e');
  add(
    tally,
    vitest(
      projects,
      missing.map(({ program }) => program),
    ),
  );
  return tally;
}

/**
 * @param {string[]} projects
 * @param {string[]} missing
 * @returns {Tally}
 */
function vitest(projects, missing) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
  const report = path.join(folder, 'tally.json');
  try {
    const { status, signal } = spawnSync(
      process.execPath,
      [
        path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
        'run',
        ...projects.map((project) => `--project=${project}`),
        '--reporter=default',
        `--reporter=${path.join(root, 'scripts', 'tally-reporter.mjs')}`,
        ...filters,
      ],
      {
        cwd: root,
        stdio: 'inherit',
        env: {
          ...process.env,
          HOLDFAST_TALLY: report,
          HOLDFAST_MISSING_PROGRAMS: missing.join(','),
          ...(isLong ? { HOLDFAST_TEST_LONG: '1' } : {}),
        },
      },
    );
    const tally = read(report);
    if (!tally) {
      console.log(`FAILED vitest ended with ${signal ?? status} and no report`);
      return { passed: 0, failed: 1, skipped: [] };
    }
    if (tally.passed + tally.failed === 0) {
      console.log('FAILED no tests ran');
      tally.failed = 1;
    } else if (status !== 0 && tally.failed === 0) {
      // An error outside of any test, such as an unhandled rejection or a worker that died.
      console.log(`FAILED vitest ended with ${signal ?? status} though no test failed`);
      tally.failed = 1;
    }
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} report @returns {Tally | undefined} */
function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return undefined; // ENOENT or cut short: vitest crashed
  }
}

/** @param {Tally} tally @param {boolean} ok */
function count(tally, ok) {
  if (ok) tally.passed += 1;
  else tally.failed += 1;
  return ok;
}

/** @param {Tally} tally @param {Tally} more */
function add(tally, more) {
  tally.passed += more.passed;
  tally.failed += more.failed;
  tally.skipped.push(...more.skipped);
}
