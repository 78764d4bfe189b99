// Finds the system programs that some tests run, and installs what is missing where that is possible.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{ program: string, package: string, why: string }} SystemProgram */

/** @type {SystemProgram[]} */
const programs = JSON.parse(readFileSync(path.join(import.meta.dirname, 'system-programs.json'), 'utf8'));

/** Those that are still missing when it returns. */
export function provideSystemPrograms() {
  const missing = programs.filter(({ program }) => !isInPath(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !isInPath('apt-get')) return missing;

  const packages = missing.map((program) => program.package);
  console.log(`Installing ${packages.join(', ')}…`);
  apt('update', '-qq');
  // One by one if not all at once: a package that this release doesn't have must not keep the others out.
  if (!apt('install', '-qq', '-y', '--no-install-recommends', ...packages)) {
    for (const name of packages) apt('install', '-qq', '-y', '--no-install-recommends', name);
  }
  return programs.filter(({ program }) => !isInPath(program));
}

/** @param {string[]} args */
function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { env, stdio: 'ignore' }).status === 0;
}

/** @param {string} program */
function isInPath(program) {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // ENOENT or EACCES: not in this folder
    }
  });
}
