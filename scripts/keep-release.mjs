// Keeps of this build, as it is released, what may still run when a later one is installed: tests upgrade each version that was
// ever released to the current one.
//
//   npm run build && node scripts/keep-release.mjs [--replace]
//
// Writes the bundles of PROGRAMS, as they are, into tests/releases/VERSION, and release.json, which names the build. A version
// that is kept already is replaced only if that is asked for: for one that nobody has got yet.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './root.mjs';

/** The daemon, its worker and its keeper, and a command line that is attached. */
const PROGRAMS = ['daemon/main.js', 'screen/main.cjs', 'keeper/main.js', 'cli/main.cjs'];

const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
/** @type {{ version: string, build: string }} */
const release = JSON.parse(await readFile(path.join(root, 'dist', 'build.json'), 'utf8'));
const folder = path.join(root, 'tests', 'releases', version);
if (release.version !== version)
  fail(`dist is of version ${release.version}, not ${version}: build it first`);
if (existsSync(folder) && !process.argv.includes('--replace')) fail(`version ${version} is kept already`);
// Read before anything is removed: a program may be missing.
const kept = await Promise.all(
  PROGRAMS.map(async (program) => ({
    name: `${program.replace('/main', '')}.gz`,
    bytes: gzipSync(await readFile(path.join(root, 'dist', program)), { level: 9 }),
  })),
);
await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const { name, bytes } of kept) await writeFile(path.join(folder, name), bytes);
await writeFile(path.join(folder, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
console.log(`kept ${version} (${release.build}) in ${path.relative(root, folder)}`);

/** @param {string} why @returns {never} */
function fail(why) {
  console.error(`keep-release: ${why}`);
  process.exit(1);
}
