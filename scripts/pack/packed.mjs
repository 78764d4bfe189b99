import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** Packs a folder as npm does; the path of the tarball. @param {string} folder @param {string} into */
export function packed(folder, into) {
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', `--pack-destination=${into}`];
  // As if npm were started there: a surrounding `npm run` says in the environment where it was.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const [made] = JSON.parse(execFileSync('npm', args, { cwd: folder, env, encoding: 'utf8' }));
  return path.join(into, made.filename);
}
