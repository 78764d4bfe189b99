import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Build } from '@holdfast/supervisor';
import { installation, type Installation, repository } from '@holdfast/testkit';

/** All of it that is run or published. */
const PARTS = [
  'ARCHITECTURE.md',
  'bin',
  'CHANGELOG.md',
  'contrib',
  'dist',
  'docs',
  'LICENSE',
  'package.json',
  'README.md',
  'SECURITY.md',
];

/** This tree, in a folder, as another build: the same code, which says so. */
export async function otherTree(folder: string, other: Partial<Build>): Promise<Installation> {
  const filter = (file: string) => !file.endsWith('.map');
  for (const part of PARTS)
    await cp(path.join(repository, part), path.join(folder, part), { recursive: true, filter });
  await symlink(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  const own = JSON.parse(await readFile(path.join(folder, 'dist', 'build.json'), 'utf8')) as Build;
  for (const name of await readdir(path.join(folder, 'dist'), { recursive: true })) {
    if (!/\.(c?js|json)$/.test(name)) continue;
    const file = path.join(folder, 'dist', name);
    const code = (await readFile(file, 'utf8')).replaceAll(own.build, other.build ?? own.build);
    await writeFile(file, code.replaceAll(`"${own.version}"`, `"${other.version ?? own.version}"`));
  }
  const manifest = path.join(folder, 'package.json');
  const described = JSON.parse(await readFile(manifest, 'utf8'));
  await writeFile(manifest, JSON.stringify({ ...described, version: other.version ?? own.version }));
  return installation(folder);
}
