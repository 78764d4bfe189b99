import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('changesets become one version of everything, and a section of the changelog; without any, nothing changes', async () => {
  await using folders = new TestHome();
  const tree = folders.scratch('tree');
  const manifests = [
    'package.json',
    ...readdirSync(path.join(repository, 'packages')).map((name) => `packages/${name}/package.json`),
  ];
  for (const file of [...manifests, 'package-lock.json', '.changeset/config.json'])
    cpSync(path.join(repository, file), path.join(tree, file));
  const read = (file: string) => readFileSync(path.join(tree, file), 'utf8');
  const setVersion = () => run(process.execPath, [path.join(repository, 'scripts/set-version.mjs'), tree]);
  const version = (text: string): string => JSON.parse(text).version;
  const [major, minor] = version(read('package.json')).split('.').map(Number);
  const next = `${major}.${(minor ?? 0) + 1}.0`;
  writeFileSync(path.join(tree, 'CHANGELOG.md'), '# Changelog\n\nWhat changes.\n\n## 0.0.1\n\nThe first.\n');
  await expect(setVersion()).rejects.toMatchObject({
    stderr: expect.stringContaining('there is no changeset'),
  });

  writeFileSync(
    path.join(tree, '.changeset', 'one.md'),
    '---\n"@holdfast/cli": minor\n---\n\n`ls` tells\nmore.\n',
  );
  writeFileSync(
    path.join(tree, '.changeset', 'two.md'),
    '---\n"@holdfast/daemon": patch\n---\n\nA fault is gone.\n',
  );
  expect((await setVersion()).stdout).toBe(`${next}\n`);
  expect(manifests.map((file) => version(read(file)))).toEqual(manifests.map(() => next));
  const lock = JSON.parse(read('package-lock.json'));
  expect([lock.version, lock.packages[''].version, lock.packages['packages/cli'].version]).toEqual([
    next,
    next,
    next,
  ]);
  expect(read('CHANGELOG.md')).toBe(
    `# Changelog\n\nWhat changes.\n\n## ${next}\n\n### New\n\n- \`ls\` tells\n  more.\n\n### Mended\n\n- A fault is gone.\n\n## 0.0.1\n\nThe first.\n`,
  );
  expect(readdirSync(path.join(tree, '.changeset'))).toEqual(['config.json']);
  await expect(setVersion()).rejects.toMatchObject({ code: 1 });
});
