// Makes what npm publishes, of a built tree: the package `holdfast`, `@holdfast/fleet` for other hosts, and its libraries.
//
//   npm run build && npm run pack [-- FOLDER]           by default into packed/
//   node scripts/pack.mjs FOLDER TREE [NAME…]           of another tree; only `holdfast`, `client` …
//
// Prints the paths of the tarballs. Each package is put together in a folder of its own, out of the tree: what is published
// differs from what is worked with, and nothing of the tree may be left in it.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packed } from './pack/packed.mjs';
import { stageFleet } from './pack/stage-fleet.mjs';
import { stageLibrary } from './pack/stage-library.mjs';
import { stageProgram } from './pack/stage-program.mjs';
import { root } from './root.mjs';

/** In the order in which they depend on each other. */
const LIBRARIES = ['protocol', 'posix', 'client', 'supervisor'];

const [into = path.join(root, 'packed'), tree = root, ...only] = process.argv.slice(2);
/** @param {string} name */
const isWanted = (name) => only.length === 0 || only.includes(name);
const { version } = read('package.json');
const built = existsSync(path.join(tree, 'dist', 'build.json')) ? read('dist/build.json') : undefined;
if (built?.version !== version) {
  console.error(`pack: ${tree} is not built as ${version}: run "npm run build" there first`);
  process.exit(1);
}

const staging = mkdtempSync(path.join(os.tmpdir(), 'holdfast-pack-'));
try {
  mkdirSync(into, { recursive: true });
  for (const name of ['holdfast', 'fleet', ...LIBRARIES].filter(isWanted)) {
    const folder = path.join(staging, name);
    if (name === 'holdfast') stageProgram({ tree, into: folder });
    else if (name === 'fleet') stageFleet({ tree, into: folder, version });
    else stageLibrary({ tree, name, into: folder, release: built });
    console.log(packed(folder, path.resolve(into)));
  }
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** @param {string} file */
function read(file) {
  return JSON.parse(readFileSync(path.join(tree, file), 'utf8'));
}
