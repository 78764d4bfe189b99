// dist/THIRD-PARTY-LICENSES.txt: whose code is in the bundles, and under which licence; most licences ask for it to be shipped
// with them. Programs and page are bundled by two steps: each notes its packages in dist/bundled, and the text is made of what
// is noted. A package fails the build if its licence or the text of that is unknown, or if it is one that asks for more.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import licenses from 'spdx-license-list/full.js';
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
/** Bundlers put code of their own in, which is in no file that they tell of. */
const BUNDLERS = {
  programs: ['node_modules/esbuild'],
  page: ['node_modules/rolldown', 'node_modules/vite'],
};
/** Where Vite's licence goes on with those of what it was itself made of, which is in no page. */
const BUNDLERS_OWN_PARTIES = /^# Licenses of bundled dependencies$/m;
const LEGAL_FILE = /^(licen[cs]e|copying|notice)/i;
const LEGAL_FILE_OF_OTHERS = /^third-?party/i;
/** What is to be filled in, in the licences that have a notice of their own for each package. */
const HOLDER = /<year> <(?:copyright holders|owner)>/;
const RULE = '-'.repeat(80);

const noted = path.join(root, 'dist', 'bundled');
const target = path.join(root, 'dist', 'THIRD-PARTY-LICENSES.txt');

/** Notes what is in the bundles of one step, and writes the text anew. @param {'programs' | 'page'} step @param {Iterable<string>} files */
export function noteThirdParties(step, files) {
  const own = new Set([...files].map(packageFolder).filter((folder) => folder !== undefined));
  for (const bundler of BUNDLERS[step]) own.add(bundler);
  mkdirSync(noted, { recursive: true });
  install(path.join(noted, `${step}.txt`), [...own].toSorted().join('\n'));
  // What the other step bundled an install ago may be gone: it is about to run.
  const isShipped = (/** @type {string} */ folder) => own.has(folder) || existsSync(path.join(root, folder));
  // The other step may note something while this one writes: whichever writes last has seen what both noted.
  let known;
  for (let folders = allNoted(); !isDeepStrictEqual(folders, known); folders = allNoted()) {
    known = folders;
    install(target, notice(folders.filter(isShipped).map(thirdParty)));
  }
}

/** The packages of all steps. */
function allNoted() {
  const all = readdirSync(noted)
    .filter((name) => name.endsWith('.txt'))
    .flatMap((name) => readFileSync(path.join(noted, name), 'utf8').split('\n'));
  return [...new Set(all)].toSorted();
}

/** The folder of the package that a file belongs to, from the repository; undefined if it is ours. @param {string} file */
function packageFolder(file) {
  const [, folder] = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
  return folder === undefined ? undefined : path.relative(root, path.resolve(root, folder));
}

/** @typedef {{ title: string, text: string }} ThirdParty */

/** @typedef {{ name: string, version: string, license?: unknown, author?: string | { name: string }, repository?: string | { url: string } }} Manifest */

/** @param {string} folder @returns {ThirdParty} */
function thirdParty(folder) {
  const at = path.join(root, folder);
  const manifest = manifestIn(at);
  const { name, version, license } = manifest;
  if (typeof license !== 'string' || !isPermissive(license))
    throw new Error(`can't ship ${name} ${version}: its licence is ${JSON.stringify(license)}`);
  const isBundler = Object.values(BUNDLERS).flat().includes(folder);
  const text = isBundler ? bundlersOwnText(at) : legalText(at, [LEGAL_FILE, LEGAL_FILE_OF_OTHERS]);
  return {
    title: `${name} ${version} (${license})`,
    text: text || siblingsText(at, manifest) || standardText(license, manifest),
  };
}

/** @param {string} at @returns {Manifest} */
function manifestIn(at) {
  return JSON.parse(readFileSync(path.join(at, 'package.json'), 'utf8'));
}

/** The files of these names, and those in folders of these names. @param {string} at @param {RegExp[]} names */
function legalText(at, names) {
  return readdirSync(at)
    .filter((name) => names.some((pattern) => pattern.test(name)))
    .toSorted()
    .flatMap((name) => filesIn(path.join(at, name)))
    .map((file) => readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n');
}

/** The file itself, or all that are in the folder. @param {string} at @returns {string[]} */
function filesIn(at) {
  if (!statSync(at).isDirectory()) return [at];
  return readdirSync(at)
    .toSorted()
    .flatMap((name) => filesIn(path.join(at, name)));
}

/** @param {string} at */
function bundlersOwnText(at) {
  return legalText(at, [LEGAL_FILE]).split(BUNDLERS_OWN_PARTIES)[0]?.trim();
}

/** That of a package which is released from the same repository, under the same scope. @param {string} at @param {Manifest} manifest */
function siblingsText(at, { license, repository }) {
  const scope = path.dirname(at);
  if (!path.basename(scope).startsWith('@') || repository === undefined) return undefined;
  return readdirSync(scope)
    .toSorted()
    .map((name) => path.join(scope, name))
    .filter((sibling) => existsSync(path.join(sibling, 'package.json')))
    .filter((sibling) => {
      const other = manifestIn(sibling);
      return other.license === license && isDeepStrictEqual(other.repository, repository);
    })
    .map((sibling) => legalText(sibling, [LEGAL_FILE]))
    .find((text) => text !== '');
}

/** The text that everybody uses of the licence, with the author in it. @param {string} license @param {Manifest} manifest */
function standardText(license, { name, version, author }) {
  const text = licenses[license]?.licenseText.trim();
  const holder = typeof author === 'string' ? author : author?.name;
  if (text === undefined || holder === undefined || !HOLDER.test(text))
    throw new Error(`can't ship ${name} ${version}: it has no text of its licence, nor can one be made`);
  return text.replace(HOLDER, () => holder);
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
