import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const TEXTS = ['LICENSE', path.join('dist', 'THIRD-PARTY-LICENSES.txt')];

/**
 * Puts the package `@holdfast/fleet` together: the bundles that the command line loads for what concerns other hosts. It depends on
 * nothing, and `holdfast` does not depend on it: who has one machine has nothing of it.
 *
 * @param {{ tree: string, into: string, version: string }} how
 */
export function stageFleet({ tree, into, version }) {
  mkdirSync(into);
  const { description, license, type } = read(path.join(tree, 'packages', 'fleet', 'package.json'));
  const { engines } = read(path.join(tree, 'package.json'));
  const bundles = path.join(tree, 'dist', 'fleet');
  const files = readdirSync(bundles).filter((name) => name.endsWith('.js'));
  for (const name of files) cpSync(path.join(bundles, name), path.join(into, name));
  for (const text of TEXTS) cpSync(path.join(tree, text), path.join(into, path.basename(text)));
  const exports = { './main.js': './main.js', './bridge-worker.js': './bridge-worker.js' };
  const published = {
    name: '@holdfast/fleet',
    version,
    description,
    license,
    type,
    engines,
    exports: { ...exports, './package.json': './package.json' },
    files: [...files, 'THIRD-PARTY-LICENSES.txt'],
    publishConfig: { access: 'public' },
  };
  writeFileSync(path.join(into, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
}

/** @param {string} file */
function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
