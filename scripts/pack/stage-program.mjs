import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { stagePages } from './stage-pages.mjs';

/** What of the tree's package.json is anybody's business who installs it. The version of koffi is that of packages/posix. */
const PUBLISHED = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'type',
  'engines',
  'os',
  'bin',
  'man',
  'exports',
  'files',
  'dependencies',
];
const PAGES = ['README.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'SECURITY.md'];
const AS_THEY_ARE = ['LICENSE', 'bin', 'contrib'];
/** The rest of dist is source maps, and what the build notes for itself. */
const SHIPPED = /\.(c?js|json|1|html|css|svg|wasm|woff2)$|^THIRD-PARTY-LICENSES\.txt$/;

/** Puts the package `holdfast` together: command line, keeper, daemon, host and page, one file each. @param {{ tree: string, into: string }} how */
export function stageProgram({ tree, into }) {
  mkdirSync(into);
  const manifest = JSON.parse(readFileSync(path.join(tree, 'package.json'), 'utf8'));
  const published = Object.fromEntries(PUBLISHED.map((field) => [field, manifest[field]]));
  writeFileSync(path.join(into, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  for (const name of AS_THEY_ARE) cpSync(path.join(tree, name), path.join(into, name), { recursive: true });
  const docs = readdirSync(path.join(tree, 'docs')).filter((name) => name.endsWith('.md'));
  const pages = [...PAGES, ...docs.map((name) => path.join('docs', name))];
  stagePages({
    tree,
    into,
    pages: Object.fromEntries(pages.map((page) => [page, page])),
    besides: AS_THEY_ARE,
  });
  const dist = path.join(tree, 'dist');
  // Fleets are a package of their own.
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
    if (SHIPPED.test(name) && !name.startsWith('fleet'))
      cpSync(path.join(dist, name), path.join(into, 'dist', name));
  compress(path.join(into, 'dist', 'web', 'assets'));
}

/** The page's files are a third of the package, and a third of that compressed: the host sends them as they are. @param {string} folder */
function compress(folder) {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
    rmSync(file);
  }
}
