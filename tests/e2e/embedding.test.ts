import { execFile } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { repository } from '@holdfast/testkit';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { SupervisedHome } from './support/supervised.ts';

/** Bundles the example of a package's page as a program would, and runs it; what it printed. */
async function runExample(home: SupervisedHome, name: string): Promise<{ stdout: string; stderr: string }> {
  const page = readFileSync(path.join(repository, 'packages', name, 'README.md'), 'utf8');
  const [, example = ''] = /^```js\n([^]*?)^```/m.exec(page) ?? [];
  const folder = home.scratch('program');
  const { outputFiles } = await build({
    stdin: { contents: example, resolveDir: path.join(repository, 'packages', name) },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['source'],
    external: ['koffi'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  const program = path.join(folder, 'program.mjs');
  writeFileSync(program, outputFiles[0]?.contents ?? '');
  const env = { ...home.env, HOLDFAST_DIST: path.join(repository, 'dist') };
  return promisify(execFile)(process.execPath, [program], { env, timeout: 30_000 });
}

test("the example of the supervisor's page runs, bundled as a program would be", async () => {
  await using home = new SupervisedHome();
  symlinkSync(path.join(repository, 'node_modules'), path.join(home.scratch('program'), 'node_modules'));
  const { stdout, stderr } = await runExample(home, 'supervisor');
  const [, first, second, id] =
    /^daemon (\d+) serves\ndaemon (\d+) serves, session (\w+) is running\n$/.exec(stdout) ?? [];
  expect(first).not.toBe(second);
  expect(await home.supervisor().status()).toMatchObject({
    daemon: { pid: Number(second) },
    sessions: { running: 1 },
  });
  const client = await home.connect();
  expect((await client.request('get', { session: id ?? '' })).session.state).toBe('running');
  expect(stderr).toContain('"type":"update_ok"');
  expect(readFileSync(home.paths.supervisorLogPath, 'utf8')).toContain('"event":"update_ok"');
});

test("the example of the client's page runs, and needs nothing beside its bundle", async () => {
  await using home = new SupervisedHome();
  await home.supervisor().ensure();
  expect(await runExample(home, 'client')).toEqual({
    stdout: 'world\r\nhello, world\r\nexited: {"code":3}\n',
    stderr: 'connection closed\n',
  });
});
