import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

const PROGRAM = path.join(repository, 'dist', 'cli', 'main.cjs');
const PROBE = path.join(repository, 'tests', 'programs', 'tell-loaded.cjs');
/** Each of these takes Node a millisecond or more, and a command that only talks to the daemon needs none. */
const NEEDLESS = [
  'fs/promises',
  'perf_hooks',
  'child_process',
  'crypto',
  'readline',
  'worker_threads',
  'url',
];
/** The tables have some 260. What hello, one request and the keeper's report need, is 54 to 70. */
const SCHEMAS_MAX = 100;

interface Loaded {
  readonly files: readonly string[];
  readonly builtins: readonly string[];
  readonly schemas: number;
}

test('a command that only talks to the daemon loads one file, no libc, few parts of Node, and builds few schemas', async () => {
  await using home = new CliHome();
  await home.open('one', 'exec cat');
  const bare = await loadedBy(home, ['--version']);
  for (const command of [
    ['ls'],
    ['ls', '--json'],
    ['status'],
    [],
    ['send', 'one', 'text', '--enter'],
    ['resize', 'one', '100x30'],
    ['rename', 'one', 'two'],
    ['kill', 'two'],
    ['wait', 'two'],
    ['forget', 'two'],
  ]) {
    const loaded = await loadedBy(home, command);
    expect(loaded.files, `holdfast ${command.join(' ')}`).toEqual([PROGRAM]);
    const needless = NEEDLESS.filter(
      (part) => loaded.builtins.includes(part) && !bare.builtins.includes(part),
    );
    expect(needless, `holdfast ${command.join(' ')}`).toEqual([]);
    expect(loaded.schemas, `holdfast ${command.join(' ')}`).toBeGreaterThan(0);
    expect(loaded.schemas, `holdfast ${command.join(' ')}`).toBeLessThan(SCHEMAS_MAX);
  }
});

test('a command that needs no daemon builds no schema, and opens no way to one', async () => {
  await using home = new CliHome();
  const loaded = await loadedBy(home, ['--version']);
  expect(loaded).toMatchObject({ files: [PROGRAM], schemas: 0 });
});

async function loadedBy(home: CliHome, command: readonly string[]): Promise<Loaded> {
  const told = path.join(home.work, 'loaded.json');
  const env = { NODE_OPTIONS: `--require=${PROBE}`, TELL_LOADED: told };
  const result = await home.runWith({ env }, ...command);
  expect(result, `holdfast ${command.join(' ')}`).toMatchObject({ stderr: '' });
  return JSON.parse(await readFile(told, 'utf8')) as Loaded;
}
