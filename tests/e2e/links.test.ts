import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { packAll } from './support/npm.ts';
import { brokenLinks } from './support/page-links.ts';

const NOT_OURS = /(^|\/)(node_modules|dist|packed)\//;

/** All pages of the repository; those that are new and not committed yet, too. */
function pages(): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'];
  const listed = execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).split('\0');
  return listed.filter((file) => file && !NOT_OURS.test(file) && existsSync(path.join(repository, file)));
}

test('every link in a page of the repository leads somewhere', (context) => {
  if (!existsSync(path.join(repository, '.git'))) context.skip('needs a clone');
  const { links, broken } = brokenLinks(repository, pages());
  expect(links).toBeGreaterThan(100);
  expect(broken).toEqual([]);
});

test('every tarball that a page has installed is named by a path that npm takes for no repository of GitHub', () => {
  const text = pages().map((file) => readFileSync(path.join(repository, file), 'utf8'));
  const commands = text.flatMap((page) => page.match(/^npm install .*\.tgz.*$/gm) ?? []);
  const operands = commands.flatMap((command) => command.match(/\S*\.tgz/g) ?? []);
  expect(operands).not.toEqual([]);
  expect(operands.filter((operand) => !/^(\.\/|\/|file:)/.test(operand))).toEqual([]);
});

test('every link in a page of a package leads somewhere in that package', async () => {
  await using folders = new TestHome();
  const packages = Object.entries(await packAll(folders.scratch('packed')));
  const found: Record<string, { pages: string[]; links: number }> = {};
  for (const [name, tarball] of packages) {
    const folder = folders.scratch(name);
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const pages = files.filter((file) => file.endsWith('.md'));
    const { links, broken } = brokenLinks(folder, pages);
    expect({ name, broken }).toEqual({ name, broken: [] });
    found[name] = { pages, links };
  }
  // What is linked to is there, and not only its name.
  expect(found['holdfast']?.links).toBeGreaterThan(100);
  expect(found['holdfast-client']?.pages.toSorted()).toEqual([
    'README.md',
    'docs/protocol.md',
    'docs/recipes.md',
  ]);
}, 60_000);

test.each(['docs', 'docs/decisions'])('every page of %s is in its index', (folder) => {
  const index = readFileSync(path.join(repository, folder, 'README.md'), 'utf8');
  const named = readdirSync(path.join(repository, folder)).filter(
    (name) => name.endsWith('.md') && name !== 'README.md',
  );
  expect(named.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});
