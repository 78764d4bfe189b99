import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A link or a picture: its text may have code in it, and brackets. */
const LINK = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g;
const FENCED = /(^```[^]*?^```.*$)/m;

/**
 * Puts pages of the tree into a package. A link from one to another leads there; what is in the tree alone loses its link and keeps its
 * words, since nothing in a package leads out of it.
 *
 * @param {{ tree: string, into: string, pages: Record<string, string>, besides?: readonly string[] }} how `pages`: where in the package
 *   each page of the tree is; `besides`: what else of the tree is in the package, at its own path
 */
export function stagePages({ tree, into, pages, besides = [] }) {
  const places = { ...Object.fromEntries(besides.map((file) => [file, file])), ...pages };
  for (const [page, place] of Object.entries(pages)) {
    const parts = readFileSync(path.join(tree, page), 'utf8').split(FENCED);
    const text = parts.map((part) => (part.startsWith('```') ? part : relinked(part, page, places))).join('');
    mkdirSync(path.dirname(path.join(into, place)), { recursive: true });
    writeFileSync(path.join(into, place), text);
  }
}

/** The pages of docs/ to which a page links. @param {string} tree @param {string} page @returns {string[]} */
export function linkedDocs(tree, page) {
  const text = readFileSync(path.join(tree, page), 'utf8');
  const targets = [...text.matchAll(LINK)].map(([, , , target = '']) => split(page, target).file);
  return [...new Set(targets)].filter((file) => /^docs\/[^/]+\.md$/.test(file));
}

/** @param {string} text @param {string} page @param {Record<string, string>} places */
function relinked(text, page, places) {
  return text.replaceAll(LINK, (whole, picture, words, target) => {
    if (/^[a-z][a-z+.-]*:/i.test(target)) return whole;
    const { file, anchor } = split(page, target);
    const place = places[file];
    if (place === undefined) return picture ? `*${words}*` : words;
    const from = path.dirname(places[page] ?? '');
    const way = file === page && anchor ? '' : path.relative(from, place);
    return `${picture}[${words}](${way}${anchor})`;
  });
}

/** A link of a page: the file, from the top of the tree, and `#HEADING`. @param {string} page @param {string} target */
function split(page, target) {
  const [, named = '', anchor = ''] = /^([^#]*)(#.*)?$/.exec(target) ?? [];
  const file = named === '' ? page : path.normalize(path.join(path.dirname(page), named));
  return { file: file.replace(/\/$/, ''), anchor };
}
