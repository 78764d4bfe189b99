import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The links of pages below a folder that lead nowhere in it, each with its reason, and how many links there are. */
export function brokenLinks(root: string, pages: readonly string[]): { links: number; broken: string[] } {
  const broken: string[] = [];
  let links = 0;
  for (const page of pages) {
    const text = prose(root, page);
    const targets = [
      ...text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g),
      ...text.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm),
    ].map(([, target = '']) => target);
    for (const link of targets) {
      links += 1;
      const why = fault(root, page, link);
      if (why) broken.push(`${page}: ${link}: ${why}`);
    }
  }
  return { links, broken };
}

/** A page without what is code in it. */
function prose(root: string, file: string): string {
  return readFileSync(path.join(root, file), 'utf8')
    .replaceAll(/^(```+|~~~+)[^]*?^\1.*$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** The names that a page's headings have in its address, as GitHub gives them. */
function anchors(root: string, file: string): Set<string> {
  const text = readFileSync(path.join(root, file), 'utf8').replaceAll(/^(```+|~~~+)[^]*?^\1.*$/gm, '');
  const found = new Set<string>();
  for (const [, title = ''] of text.matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    const name = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    let unique = name;
    for (let again = 1; found.has(unique); again += 1) unique = `${name}-${again}`;
    found.add(unique);
  }
  return found;
}

/** Why a link leads nowhere; undefined if it does not. */
function fault(root: string, page: string, link: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return undefined; // elsewhere
  const [file = '', anchor] = link.split('#').map(decodeURIComponent);
  const target = file === '' ? page : path.join(path.dirname(page), file);
  if (target.startsWith('..')) return 'leads out of it';
  const found = path.join(root, target);
  if (!existsSync(found)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  if (statSync(found).isDirectory() || !target.endsWith('.md')) return undefined;
  return anchors(root, target).has(anchor) ? undefined : 'there is no such heading';
}
