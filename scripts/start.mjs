// `npm start [-- OPTION…]`: installs and builds what is missing, then runs the host service with these options of `serve`, and prints
// the URL to open.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { install, isInstalled } from './install.mjs';
import { root } from './root.mjs';
import { bundle, failure, page, types } from './steps.mjs';

process.exitCode = await start();

async function start() {
  if (!isInstalled()) {
    console.log('Installing…');
    if (!install()) return 1;
  }
  if (!isBuilt()) {
    console.log('Building…');
    for (const step of [types, bundle, page]) {
      const output = failure(step);
      if (output !== undefined) {
        console.error(output);
        return 1;
      }
    }
  }
  console.log(
    'The host service: Ctrl-C ends it, and no session. bin/holdfast new opens a session in a terminal.',
  );
  return run(path.join(root, 'bin', 'holdfast'), ['serve', ...process.argv.slice(2)]);
}

/** True if the page, which is built last, is newer than everything that is built; a folder's time covers files that are gone. */
function isBuilt() {
  const last = path.join(root, 'dist', 'web', 'index.html');
  if (!existsSync(last)) return false;
  const builtAt = statSync(last).mtimeMs;
  const sources = readdirSync(path.join(root, 'packages')).flatMap((name) =>
    tree(path.join(root, 'packages', name, 'src')),
  );
  const settings = [
    'package.json',
    'package-lock.json',
    'tsconfig.base.json',
    'scripts/bundle.mjs',
    'scripts/third-parties.mjs',
    'packages/web/index.html',
    'packages/web/vite.config.ts',
  ];
  return [...sources, ...settings.map((file) => path.join(root, file))].every(
    (file) => statSync(file).mtimeMs < builtAt,
  );
}

/** @param {string} folder @returns {string[]} */
function tree(folder) {
  if (!existsSync(folder)) return [];
  return [
    folder,
    ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
  ];
}

/**
 * The terminal's signals go to the whole foreground group, so the child has them, too, and decides; this process only
 * has to stay until it ends.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<number>}
 */
function run(command, args) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => {});
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0)));
  });
}
