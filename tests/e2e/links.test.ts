import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const NOT_OURS = /(^|\/)(node_modules|dist|packed)\//;

/** All pages of the repository; those that are new and not committed yet, too. */
function pages(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'];
  const listed = execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).split('\0');
  return listed.filter((file) => file && !NOT_OURS.test(file) && existsSync(path.join(repository, file)));
}

/** A page without what is code in it. */
function prose(file: string): string {
  return readFileSync(path.join(repository, file), 'utf8')
    .replaceAll(/^(```+|~~~+)[^]*?^\1.*$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** The names that a page's headings have in its address, as GitHub gives them. */
function anchors(file: string): Set<string> {
  const text = readFileSync(path.join(repository, file), 'utf8').replaceAll(/^(```+|~~~+)[^]*?^\1.*$/gm, '');
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
function fault(page: string, link: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return undefined; // elsewhere
  const [file = '', anchor] = link.split('#').map(decodeURIComponent);
  const target = file === '' ? page : path.join(path.dirname(page), file);
  if (target.startsWith('..')) return 'leaves the repository';
  const found = path.join(repository, target);
  if (!existsSync(found)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  if (statSync(found).isDirectory() || !target.endsWith('.md')) return undefined;
  return anchors(target).has(anchor) ? undefined : 'there is no such heading';
}

test('every link in a page of the repository leads somewhere', (context) => {
  if (!existsSync(path.join(repository, '.git'))) context.skip('needs a clone');
  const broken: string[] = [];
  let links = 0;
  for (const page of pages()) {
    const text = prose(page);
    const targets = [
      ...text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g),
      ...text.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm),
    ].map(([, target = '']) => target);
    for (const link of targets) {
      links += 1;
      const why = fault(page, link);
      if (why) broken.push(`${page}: ${link}: ${why}`);
    }
  }
  expect(links).toBeGreaterThan(100);
  expect(broken).toEqual([]);
});

test.each(['docs', 'docs/decisions'])('every page of %s is in its index', (folder) => {
  const index = readFileSync(path.join(repository, folder, 'README.md'), 'utf8');
  const named = readdirSync(path.join(repository, folder)).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  );
  expect(named.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});
