// Keeps the daemon of this build, as it is released: tests upgrade every daemon that was ever released to the current one.
//
//   npm run build && node scripts/keep-release.mjs [--replace]
//
// Writes tests/releases/VERSION/daemon.js.gz, the bundle as it is, and release.json, which names it. A version that is kept
// already is replaced only if that is asked for: for one that nobody has got yet.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from './root.mjs';

const code = await readFile(path.join(root, 'dist', 'daemon', 'main.js'), 'utf8');
const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
/** @type {{ version: string, build: string }} */
const release = JSON.parse(await readFile(path.join(root, 'dist', 'build.json'), 'utf8'));
const folder = path.join(root, 'tests', 'releases', version);
if (release.version !== version)
  fail(`dist is of version ${release.version}, not ${version}: build it first`);
if (existsSync(folder) && !process.argv.includes('--replace')) fail(`version ${version} is kept already`);
await mkdir(folder, { recursive: true });
await writeFile(path.join(folder, 'daemon.js.gz'), gzipSync(code, { level: 9 }));
await writeFile(path.join(folder, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
console.log(`kept ${version} (${release.build}) in ${path.relative(root, folder)}`);

/** @param {string} why @returns {never} */
function fail(why) {
  console.error(`keep-release: ${why}`);
  process.exit(1);
}
