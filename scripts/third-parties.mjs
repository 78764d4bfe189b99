// dist/THIRD-PARTY-LICENSES.txt: whose code is in the bundles, and under which licence; most licences ask for it to be shipped
// with them. Programs and page are bundled by two steps: each notes its packages in dist/bundled, and the text is made of what
// is noted. A package whose licence is unknown, or is one that asks for more, fails the build.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import satisfies from 'spdx-satisfies';
import { root } from './root.mjs';

/** They ask for nothing but to be shipped with the code. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
];
const LEGAL_FILE = /^(licen[cs]e|copying|notice)/i;
const RULE = '-'.repeat(80);

const noted = path.join(root, 'dist', 'bundled');
const target = path.join(root, 'dist', 'THIRD-PARTY-LICENSES.txt');

/** Notes what is in the bundles of one step, and writes the text anew. @param {'programs' | 'page'} step @param {Iterable<string>} files */
export function noteThirdParties(step, files) {
  const folders = new Set([...files].map(packageFolder).filter((folder) => folder !== undefined));
  mkdirSync(noted, { recursive: true });
  install(path.join(noted, `${step}.txt`), [...folders].toSorted().join('\n'));
  const all = readdirSync(noted)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => readFileSync(path.join(noted, name), 'utf8').split('\n'));
  // What the other step bundled an install ago may be gone: it is about to run.
  const present = [...new Set(all)].filter((folder) => existsSync(path.join(root, folder)));
  install(target, notice(present.map(thirdParty)));
}

/** The folder of the package that a file belongs to, from the repository; undefined if it is ours. @param {string} file */
function packageFolder(file) {
  const [, folder] = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
  return folder === undefined ? undefined : path.relative(root, path.resolve(root, folder));
}

/** @typedef {{ title: string, text: string }} ThirdParty */

/** @param {string} folder @returns {ThirdParty} */
function thirdParty(folder) {
  const at = path.join(root, folder);
  /** @type {{ name: string, version: string, license?: unknown, author?: string | { name: string }, repository?: string | { url: string } }} */
  const { name, version, license, ...origin } = JSON.parse(
    readFileSync(path.join(at, 'package.json'), 'utf8'),
  );
  if (typeof license !== 'string' || !isPermissive(license))
    throw new Error(`can't ship ${name} ${version}: its licence is ${JSON.stringify(license)}`);
  const texts = readdirSync(at)
    .filter((file) => LEGAL_FILE.test(file))
    .toSorted()
    .map((file) => readFileSync(path.join(at, file), 'utf8').replaceAll('\r\n', '\n').trim());
  return {
    title: `${name} ${version} (${license})`,
    text: texts.join('\n\n') || withoutText(origin),
  };
}

/** @param {{ author?: string | { name: string }, repository?: string | { url: string } }} origin */
function withoutText({ author, repository }) {
  const by = typeof author === 'string' ? author : author?.name;
  const from = typeof repository === 'string' ? repository : repository?.url;
  return [by, from, 'The package has no text of its licence.']
    .filter((line) => line !== undefined)
    .join('\n');
}

/** @param {string} license */
function isPermissive(license) {
  try {
    return satisfies(license, PERMISSIVE);
  } catch {
    // It is no SPDX expression: "SEE LICENSE IN …", "UNLICENSED".
    return false;
  }
}

/** Packages with the same text have it once. @param {ThirdParty[]} parties */
function notice(parties) {
  /** @type {Map<string, Set<string>>} */
  const titles = new Map();
  for (const { title, text } of parties.toSorted((one, other) => (one.title < other.title ? -1 : 1)))
    titles.set(text, (titles.get(text) ?? new Set()).add(title));
  const sections = [...titles].map(([text, same]) => `${[...same].join('\n')}\n\n${text}\n`);
  const head = 'Holdfast contains code of these packages. Their licences apply to it.\n';
  return [head, ...sections].join(`\n${RULE}\n\n`);
}

/** Renamed into place: the two steps may run at the same time. @param {string} file @param {string} text */
function install(file, text) {
  const fresh = `${file}.${process.pid}.tmp`;
  writeFileSync(fresh, text);
  renameSync(fresh, file);
}
