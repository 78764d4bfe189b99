// Turns the changesets into a version: `npm run set-version [-- TREE]`.
//
// All packages have the version of the root package.json, and what has changed is told in one CHANGELOG.md. changesets says
// which version is next; it neither versions a root package nor writes one changelog for several, so that is done here.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import getReleasePlan from '@changesets/get-release-plan';
import { root } from './root.mjs';

/** As the changelog says it, the most important first. */
const KINDS = { major: 'Breaking', minor: 'New', patch: 'Mended' };

const tree = path.resolve(process.argv[2] ?? root);
const plan = await getReleasePlan(tree);
const version = plan.releases[0]?.newVersion;
if (version === undefined) {
  console.error('set-version: there is no changeset: "npx changeset" writes one');
  process.exit(1);
}
execFileSync(process.execPath, [path.join(root, 'node_modules', '@changesets', 'cli', 'bin.js'), 'version'], {
  cwd: tree,
  stdio: ['ignore', 'ignore', 'inherit'],
});
edit('package.json', (text) => text.replace(/^( {2}"version": )".*"/m, `$1"${version}"`));
edit('package-lock.json', (text) => `${JSON.stringify(locked(JSON.parse(text)), null, 2)}\n`);
edit('CHANGELOG.md', (text) => text.replace(/^(?=## )|$(?![^])/m, () => section()));
console.log(version);

/** The lock with the new version of all that is ours. @param {{ version: string, packages: Record<string, { version?: string }> }} lock */
function locked(lock) {
  lock.version = version ?? '';
  for (const [place, entry] of Object.entries(lock.packages))
    if (place === '' || (place.startsWith('packages/') && entry.version)) entry.version = version ?? '';
  return lock;
}

function section() {
  const lines = [`## ${version}`, ''];
  for (const [kind, title] of Object.entries(KINDS)) {
    const summaries = plan.changesets
      .filter(({ releases }) => heaviest(releases.map(({ type }) => type)) === kind)
      .map(({ summary }) => `- ${summary.trim().replaceAll('\n', '\n  ')}`);
    if (summaries.length > 0) lines.push(`### ${title}`, '', ...summaries, '');
  }
  return `${lines.join('\n')}\n`;
}

/** @param {string[]} types */
function heaviest(types) {
  return Object.keys(KINDS).find((kind) => types.includes(kind));
}

/** @param {string} file @param {(text: string) => string} change */
function edit(file, change) {
  const target = path.join(tree, file);
  writeFileSync(target, change(readFileSync(target, 'utf8')));
}
