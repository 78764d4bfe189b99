// The steps of `npm run build` and `npm run check`, in one list for everything that runs them.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './root.mjs';

/** @typedef {{ name: string, command: string, args: string[] }} Step */

/** @type {Step} */
export const types = { name: 'types', command: 'tsc', args: ['-b'] };

/** @type {Step} */
export const bundle = { name: 'bundle', command: 'node', args: ['scripts/bundle.mjs'] };

/** The page, which the host serves. @type {Step} */
export const page = { name: 'page', command: 'vite', args: ['build', 'packages/web', '--logLevel', 'warn'] };

/** What needs no compiled file. @type {Step[]} */
export const rules = [
  { name: 'lint', command: 'oxlint', args: [] },
  { name: 'format', command: 'biome', args: ['format'] },
  {
    name: 'imports',
    command: 'depcruise',
    args: ['--output-type', 'err', 'packages', 'tests', 'bench', 'scripts'],
  },
  { name: 'unused', command: 'knip', args: ['--no-config-hints'] },
];

/** Runs a step and says in one line how it went; its output is shown only if it fails. @param {Step} step */
export function passes(step) {
  const started = performance.now();
  const output = failure(step);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${output === undefined ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
  if (output) console.log(output);
  return output === undefined;
}

/** Runs a step; what it printed if it failed. @param {Step} step @returns {string | undefined} */
export function failure({ command, args }) {
  const bin = path.join(root, 'node_modules', '.bin');
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` },
    maxBuffer: 64 * 1024 * 1024,
  });
  return status === 0 ? undefined : `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`.trimEnd();
}
