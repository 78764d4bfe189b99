import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** Notes packages as a step of the build does, in a tree with these; the text that is shipped. */
async function noted(
  folders: TestHome,
  packages: Record<string, { manifest: object; texts?: Record<string, string> }>,
) {
  const tree = folders.scratch('tree');
  for (const script of ['root.mjs', 'third-parties.mjs'])
    cpSync(path.join(repository, 'scripts', script), path.join(tree, 'scripts', script));
  const modules = path.join(tree, 'node_modules');
  for (const [name, { manifest, texts = {} }] of Object.entries(packages)) {
    mkdirSync(path.join(modules, name), { recursive: true });
    writeFileSync(
      path.join(modules, name, 'package.json'),
      JSON.stringify({ name, version: '1.2.3', ...manifest }),
    );
    for (const [file, text] of Object.entries(texts)) writeFileSync(path.join(modules, name, file), text);
  }
  symlinkSync(path.join(repository, 'node_modules', 'spdx-satisfies'), path.join(modules, 'spdx-satisfies'));
  const files = [
    ...Object.keys(packages).map((name) => `node_modules/${name}/index.js`),
    'packages/own/src/main.ts',
  ];
  const step = `import('./scripts/third-parties.mjs').then((it) => it.noteThirdParties('programs', ${JSON.stringify(files)}))`;
  await run(process.execPath, ['-e', step], { cwd: tree });
  return readFileSync(path.join(tree, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
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
    four: { manifest: { license: 'ISC', author: 'Somebody' } },
  });
  expect(text).toContain('@a/one 1.2.3 (MIT)\nthree 1.2.3 (MIT)\n\ndo what you like\n');
  expect(text).toContain('two 1.2.3 ((MIT OR GPL-3.0-only))\n\na choice\n\nto be shown\n');
  expect(text).toContain('four 1.2.3 (ISC)\n\nSomebody');
  expect(text.match(/ 1\.2\.3 /g)).toHaveLength(4);
});

test.each([{}, { license: 'GPL-3.0-only' }, { license: 'MIT AND GPL-3.0-only' }, { license: 'UNLICENSED' }])(
  'a package that may not be shipped, or nobody knows, fails the build: %j',
  async (manifest) => {
    await using folders = new TestHome();
    await expect(noted(folders, { alien: { manifest } })).rejects.toThrow("can't ship alien 1.2.3");
  },
);
