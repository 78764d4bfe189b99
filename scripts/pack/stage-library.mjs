import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { linkedDocs, stagePages } from './stage-pages.mjs';

/** Only the repository's own tools know this condition: it names sources. */
const OWN_CONDITION = 'source';
const TEST = /\.test\.ts$/;

/**
 * Puts a library together, as tsc has compiled it, with the sources that its source maps name. It needs the others of its own release, and no other release of them.
 *
 * @param {{ tree: string, name: string, into: string, release: { version: string, build: string } }} how
 */
export function stageLibrary({ tree, name, into, release }) {
  const folder = path.join(tree, 'packages', name);
  mkdirSync(into);
  const {
    private: _,
    exports,
    dependencies,
    ...manifest
  } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const { engines } = JSON.parse(readFileSync(path.join(tree, 'package.json'), 'utf8'));
  const published = {
    ...manifest,
    version: release.version,
    engines,
    exports: withoutOwnCondition(exports),
    files: ['dist', 'docs', 'src'],
    publishConfig: { access: 'public' },
    dependencies: pinned(dependencies, release.version),
  };
  writeFileSync(path.join(into, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  cpSync(path.join(tree, 'LICENSE'), path.join(into, 'LICENSE'));
  const readme = path.join('packages', name, 'README.md');
  const docs = linkedDocs(tree, readme);
  stagePages({
    tree,
    into,
    pages: { [readme]: 'README.md', ...Object.fromEntries(docs.map((page) => [page, page])) },
    besides: ['LICENSE'],
  });
  for (const source of readdirSync(path.join(folder, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!source.endsWith('.ts') || TEST.test(source)) continue;
    cpSync(path.join(folder, 'src', source), path.join(into, 'src', source));
    for (const file of compiledFrom(source))
      if (existsSync(path.join(folder, file))) cpSync(path.join(folder, file), path.join(into, file));
  }
  if (name === 'protocol') tellRelease(path.join(into, 'dist', 'build.js'), release);
}

/** What tsc makes of a file; what it has once made of one that is gone stays behind. @param {string} source */
function compiledFrom(source) {
  const base = path.join('dist', source.slice(0, -'.ts'.length));
  return [`${base}.js`, `${base}.js.map`, `${base}.d.ts`];
}

/** What the bundler puts into programs. On the first line, so that the source map stays true. @param {string} file @param {{ version: string, build: string }} release */
function tellRelease(file, { version, build }) {
  const constants = `const __HOLDFAST_VERSION__ = ${JSON.stringify(version)}, __HOLDFAST_BUILD__ = ${JSON.stringify(build)};`;
  writeFileSync(file, `${constants} ${readFileSync(file, 'utf8')}`);
}

/** @param {Record<string, Record<string, string>>} exports */
function withoutOwnCondition(exports) {
  const shown = Object.entries(exports).map(([entry, conditions]) => [
    entry,
    Object.fromEntries(Object.entries(conditions).filter(([name]) => name !== OWN_CONDITION)),
  ]);
  return Object.fromEntries([...shown, ['./package.json', './package.json']]);
}

/** @param {Record<string, string>} dependencies @param {string} version */
function pinned(dependencies, version) {
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, range]) => [
      name,
      name.startsWith('@holdfast/') ? version : range,
    ]),
  );
}
