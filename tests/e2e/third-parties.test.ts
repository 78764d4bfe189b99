import { execFile } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);

type Step = 'programs' | 'page';
type Packages = Record<string, { manifest: object; texts?: Record<string, string> }>;

const MIT = { license: 'MIT' };
const PLAIN = { manifest: MIT, texts: { LICENSE: 'do what you like' } };
const BUNDLER = { manifest: MIT, texts: { LICENSE: 'bundle what you like' } };
const BUNDLERS: Packages = { esbuild: BUNDLER, rolldown: BUNDLER, vite: BUNDLER };

/** A repository with these packages, and with the bundlers, of which each step says that it was bundled by them. */
class Tree {
  readonly root: string;

  constructor(folders: TestHome, packages: Packages) {
    this.root = folders.scratch('tree');
    for (const script of ['root.mjs', 'third-parties.mjs'])
      cpSync(path.join(repository, 'scripts', script), path.join(this.root, 'scripts', script));
    for (const [name, { manifest, texts = {} }] of Object.entries({ ...BUNDLERS, ...packages })) {
      this.#write(name, 'package.json', JSON.stringify({ name, version: '1.2.3', ...manifest }));
      for (const [file, text] of Object.entries(texts)) this.#write(name, file, text);
    }
    for (const name of ['spdx-license-list', 'spdx-satisfies'])
      symlinkSync(path.join(repository, 'node_modules', name), this.pathOf(name));
  }

  pathOf(name: string, file = ''): string {
    return path.join(this.root, 'node_modules', name, file);
  }

  /** As a step of the build does. */
  async note(step: Step, packages: readonly string[]): Promise<void> {
    const files = [
      ...packages.map((name) => `node_modules/${name}/index.js`),
      'packages/own/src/main.ts',
      '\0vite/preload-helper.js',
    ];
    const program = `import('./scripts/third-parties.mjs').then((it) => it.noteThirdParties('${step}', ${JSON.stringify(files)}))`;
    await run(process.execPath, ['-e', program], { cwd: this.root });
  }

  /** What is shipped. */
  get text(): string {
    return readFileSync(path.join(this.root, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  }

  #write(name: string, file: string, text: string): void {
    mkdirSync(path.dirname(this.pathOf(name, file)), { recursive: true });
    writeFileSync(this.pathOf(name, file), text);
  }
}

/** The text that is shipped with programs of these packages. */
async function noted(folders: TestHome, packages: Packages): Promise<string> {
  const tree = new Tree(folders, packages);
  await tree.note('programs', Object.keys(packages));
  return tree.text;
}

test('licences are shipped with what they ask to be shipped with, the same text once', async () => {
  await using folders = new TestHome();
  const same = { manifest: { license: 'MIT' }, texts: { 'LICENSE.md': 'do what you like\r\n' } };
  const text = await noted(folders, {
    '@a/one': same,
    two: {
      manifest: { license: '(MIT OR GPL-3.0-only)' },
      texts: { LICENCE: 'a choice', NOTICE: 'to be shown' },
    },
    three: same,
    four: {
      manifest: MIT,
      texts: { 'licenses/a/MIT.txt': 'in a folder', 'ThirdPartyNotices.txt': 'of others' },
    },
  });
  expect(text).toContain('@a/one 1.2.3 (MIT)\nthree 1.2.3 (MIT)\n\ndo what you like\n');
  expect(text).toContain('two 1.2.3 ((MIT OR GPL-3.0-only))\n\na choice\n\nto be shown\n');
  expect(text).toContain('four 1.2.3 (MIT)\n\nof others\n\nin a folder\n');
  expect(text).toContain('esbuild 1.2.3 (MIT)');
  expect(text.match(/ 1\.2\.3 /g)).toHaveLength(5);
});

test('a package without a text of its licence has that of its sibling, or the standard one with its author', async () => {
  await using folders = new TestHome();
  const repositoryOf = { repository: 'https://example.org/b.git' };
  const text = await noted(folders, {
    '@b/a-stranger': { manifest: MIT, texts: { LICENSE: 'of a stranger' } },
    '@b/sibling': { manifest: { ...MIT, ...repositoryOf }, texts: { LICENSE: 'of the family' } },
    '@b/without': { manifest: { ...MIT, ...repositoryOf } },
    one: { manifest: { ...MIT, author: 'Somebody <a@example.org>' } },
    two: { manifest: { license: 'BSD-3-Clause', author: { name: 'Some $1 Else' } } },
  });
  expect(text).toContain('@b/sibling 1.2.3 (MIT)\n@b/without 1.2.3 (MIT)\n\nof the family\n');
  expect(text).toMatch(
    /\none 1\.2\.3 \(MIT\)\n\nMIT License\n\nCopyright \(c\) Somebody <a@example\.org>\n\nPermission is hereby granted[^]*WITHOUT WARRANTY/,
  );
  expect(text).toMatch(/two 1\.2\.3 \(BSD-3-Clause\)\n\nCopyright \(c\) Some \$1 Else\b/);
});

test.each([
  { license: 'MIT' },
  { license: 'ISC', author: 'Somebody' },
  { license: 'MIT OR ISC', author: 'Somebody' },
])(
  'a package fails the build if there is no text of its licence, and none can be made: %j',
  async (manifest) => {
    await using folders = new TestHome();
    await expect(noted(folders, { alien: { manifest } })).rejects.toThrow("can't ship alien 1.2.3");
  },
);

test('bundlers are named, which put in code of their own, and not what they are made of', async () => {
  await using folders = new TestHome();
  const others = '\n\n# Licenses of bundled dependencies\n\nof others';
  const tree = new Tree(folders, {
    vite: { manifest: MIT, texts: { 'LICENSE.md': `vite's own${others}` } },
    rolldown: { manifest: MIT, texts: { LICENSE: "rolldown's own", 'THIRD-PARTY-LICENSE': 'of others' } },
  });
  await tree.note('page', []);
  await tree.note('programs', []);
  expect(tree.text).toContain('esbuild 1.2.3 (MIT)\n\nbundle what you like\n');
  expect(tree.text).toContain("rolldown 1.2.3 (MIT)\n\nrolldown's own\n");
  expect(tree.text).toContain("vite 1.2.3 (MIT)\n\nvite's own\n");
  expect(tree.text).not.toContain('of others');
});

test('two steps at once note what both have bundled, also if the one that knew less writes last', async () => {
  await using folders = new TestHome();
  const tree = new Tree(folders, { one: { manifest: MIT }, two: PLAIN });
  const licence = tree.pathOf('one', 'LICENSE');
  const gate = folders.gate();
  linkSync(gate.path, licence);
  const slow = tree.note('programs', ['one']);
  // It has seen what is noted, and reads the texts.
  const writer = await open(gate.path, 'w');
  rmSync(licence);
  writeFileSync(licence, 'of one');
  await tree.note('page', ['two']);
  await writer.writeFile('of one');
  await writer.close();
  await slow;
  for (const name of ['one', 'two', 'esbuild', 'rolldown', 'vite'])
    expect(tree.text).toContain(`${name} 1.2.3`);
});

test.each([{}, { license: 'GPL-3.0-only' }, { license: 'MIT AND GPL-3.0-only' }, { license: 'UNLICENSED' }])(
  'a package that may not be shipped, or nobody knows, fails the build: %j',
  async (manifest) => {
    await using folders = new TestHome();
    await expect(noted(folders, { alien: { manifest } })).rejects.toThrow("can't ship alien 1.2.3");
  },
);
