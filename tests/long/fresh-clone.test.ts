import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ByteLog, repository, TestHome, within } from '@holdfast/testkit';
import { expect, test } from 'vitest';

const run = promisify(execFile);
/** To install and to build everything. */
const START_MS = 600_000;
/** What npm says when it can't get to the registry. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/;

test('from a fresh clone, the commands that the README begins with do everything', async (context) => {
  const isClone = spawnSync('git', ['-C', repository, 'rev-parse', '--git-dir']).status === 0;
  if (!isClone) context.skip('needs git, and a clone');
  const readme = readFileSync(path.join(repository, 'README.md'), 'utf8');
  const [, block = ''] = /## Start\n\n```sh\n([^`]*)```/.exec(readme) ?? [];
  expect(block.match(/^npm \w+/gm)).toEqual(['npm start', 'npm test']);

  await using home = new TestHome();
  // npm has its settings and its cache where it always has them.
  const { NODE_ENV: _, HOLDFAST_TEST_LONG: __, ...own } = process.env;
  const env = { ...own, ...home.env, HOME: os.homedir() };
  const clone = home.scratch('clone');
  // What is tracked, as it is now.
  const files = execFileSync('git', ['-C', repository, 'ls-files', '-z']);
  execFileSync('tar', ['-C', repository, '--null', '-T', '-', '-cf', path.join(clone, '..', 'clone.tar')], {
    input: files,
  });
  execFileSync('tar', ['-C', clone, '-xf', path.join(clone, '..', 'clone.tar')]);
  const bin = path.join(clone, 'bin', 'holdfast');
  await expect(run(bin, ['ls'], { env: home.env })).rejects.toMatchObject({
    code: 1,
    stderr: `holdfast: nothing is built yet: run "npm ci && npm run build" in ${clone}\n`,
  });

  const started = spawn('npm', ['start', '--', '--port', '0', '--json'], {
    cwd: clone,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => started.on('close', () => resolve()));
  const output = new ByteLog();
  for (const stream of [started.stdout, started.stderr])
    stream.on('data', (piece: Buffer) => output.push(piece));
  try {
    const accepts = output.waitFor(/^\{.*"url":"([^"]+)".*\}$/m, START_MS);
    await Promise.race([accepts, ended]);
    const unreachable = UNREACHABLE.exec(output.text)?.[0];
    if (unreachable) context.skip(`needs the npm registry: ${unreachable}`);
    const [, url = ''] = await accepts;
    expect((await fetch(url)).headers.get('content-type')).toContain('text/html');
  } finally {
    // As a terminal does it: to all of them.
    if (started.exitCode === null) process.kill(-(started.pid ?? 0), 'SIGINT');
    await within('the end of npm start', ended, 30_000);
  }
  expect(existsSync(path.join(clone, 'node_modules'))).toBe(true);
  const { stdout } = await run(bin, ['run', '--', '/bin/echo', 'it runs'], { env: home.env });
  expect(stdout).toBe('it runs\r\n');

  // All of it would be this very suite: a part says that it installs, builds, checks and counts.
  expect(readFileSync(path.join(clone, '.ci', 'run'), 'utf8')).toMatch(/^exec npm test$/m);
  const { stdout: tested } = await run('npm', ['test', '--', 'src/budget'], {
    cwd: clone,
    env,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(tested.trimEnd().split('\n').at(-1)).toMatch(/^[1-9]\d* passed, 0 failed/);
});
