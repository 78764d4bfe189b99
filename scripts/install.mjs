// Installs the npm packages of package-lock.json, if they are not there yet.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './root.mjs';

/**
 * Compares the lock file with npm's own record of what is in node_modules, by version: file times say nothing after a
 * fresh checkout.
 */
export function isInstalled() {
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const found = packagesOf(path.join(root, 'node_modules', '.package-lock.json'));
  if (!wanted || !found) return false;
  return Object.entries(wanted).every(
    ([place, { version, optional, peer }]) =>
      place === '' || optional || peer || (place in found && found[place]?.version === version),
  );
}

/** True if `npm ci` went well; its output is shown only if it didn't. */
export function install() {
  const result = spawnSync('npm', ['ci', '--include=dev', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.status === 0) return true;
  console.error(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trimEnd());
  return false;
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, peer?: boolean }> | undefined}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    // ENOENT, or a file cut short by an interrupted npm: both mean "not installed".
    return undefined;
  }
}
