import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';

test('a kept release is not touched if a program of the one that is to replace it is missing', async () => {
  await using folders = new TestHome();
  const tree = folders.scratch('tree');
  for (const script of ['root.mjs', 'keep-release.mjs'])
    cpSync(path.join(repository, 'scripts', script), path.join(tree, 'scripts', script));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    writeFileSync(path.join(tree, file), text);
  };
  write('package.json', '{"version":"1.2.3"}');
  write('dist/build.json', '{"version":"1.2.3","build":"new"}');
  write('dist/daemon/main.js', 'new');
  write('tests/releases/1.2.3/release.json', 'old');
  const keep = promisify(execFile)(process.execPath, ['scripts/keep-release.mjs', '--replace'], {
    cwd: tree,
  });
  await expect(keep).rejects.toThrow('ENOENT');
  expect(readFileSync(path.join(tree, 'tests/releases/1.2.3/release.json'), 'utf8')).toBe('old');
});
