import { execFile } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { commandLine, eventually, repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { SupervisedHome, thisBuild } from './support/supervised.ts';

const run = promisify(execFile);
/** webpack takes seconds, and on a busy machine many. */
const BUILD_MS = 120_000;
const NEXT_BUILD = 'aaaaaaaaaaaa';

/** A later version of an application, in a folder of its own: what it ships says that it is another build. */
function laterVersion(home: SupervisedHome, first: string): string {
  const folder = path.join(home.scratch('v2'), 'application');
  cpSync(first, folder, { recursive: true });
  for (const file of ['daemon/main.js', 'keeper/main.js', 'build.json']) {
    const shipped = path.join(folder, 'holdfast', file);
    const text = readFileSync(shipped, 'utf8');
    const { build } = thisBuild(home);
    expect(text).toContain(build);
    writeFileSync(shipped, text.replaceAll(build, NEXT_BUILD));
  }
  return folder;
}

test.each(['esbuild', 'vite', 'webpack'])(
  'an application bundled by %s starts a daemon, and its next version upgrades that',
  { timeout: 180_000 },
  async (bundler) => {
    await using home = new SupervisedHome();
    // Outside of the repository: what is not in the folder is not found.
    const first = path.join(home.scratch('v1'), 'application');
    await run(process.execPath, [path.join(repository, 'examples', `embed-${bundler}`, 'build.mjs'), first], {
      timeout: BUILD_MS,
    });
    const application =
      (folder: string) =>
      async (verb: string, ...operands: string[]) => {
        const args = [path.join(folder, 'main.mjs'), verb, ...operands];
        const { stdout } = await run(process.execPath, args, { env: home.env, cwd: '/', timeout: 30_000 });
        return JSON.parse(stdout);
      };
    const { daemon, session } = await application(first)('open');
    expect(commandLine(daemon.pid)).toContain(`${first}/holdfast/daemon/main.js`);
    expect(await application(first)('type', session.id, 'A=kept')).toMatchObject({
      output: expect.stringContaining('the end'),
    });

    const second = laterVersion(home, first);
    const outcome = await application(second)('upgrade');
    expect(outcome).toMatchObject({
      ok: true,
      from: { pid: daemon.pid },
      to: { build: NEXT_BUILD },
      sessions: 1,
      keeper: null,
    });
    // The one before is uninstalled; the keeper, too, is of the next version by now.
    rmSync(first, { recursive: true });
    expect(await application(second)('type', session.id, 'echo "<$A>"')).toMatchObject({
      output: expect.stringContaining('<kept>\r\n'),
    });
    process.kill(outcome.to.pid, 'SIGKILL');
    const next = await eventually('another daemon', () =>
      home.daemonPids.find((pid) => pid !== outcome.to.pid),
    );
    expect(commandLine(next)).toContain(`${second}/holdfast/daemon/main.js`);
    expect(await application(second)('type', session.id, 'echo "[$A]"')).toMatchObject({
      output: expect.stringContaining('[kept]\r\n'),
    });
  },
);
