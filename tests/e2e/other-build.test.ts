import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { installation, TestHome, zombiesOf } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';
import { otherTree } from './support/other-tree.ts';
import { otherDaemon, thisBuild } from './support/supervised.ts';

const OTHER_BUILD = '0123456789ab';

test('a daemon of another build is named, with what to do about it; an upgrade does it', async () => {
  await using home = new CliHome();
  const env = { HOLDFAST_DAEMON_ENTRY: otherDaemon(home, { ...thisBuild(home), build: OTHER_BUILD }) };
  await home.runWith({ env }, 'new', '-d', '--name', 's', '--', 'cat');
  const status = async () => JSON.parse(await home.do('status', '--json'));
  // Whoever asks is not counted.
  expect(await status()).toMatchObject({
    daemon: { build: OTHER_BUILD },
    update: { pending: true },
    clients: 0,
  });
  expect(await home.do('status')).toContain('holdfast upgrade brings the daemon to this build');
  const { stdout } = await home.run('doctor');
  expect(stdout).toContain(
    '→ holdfast upgrade brings daemon and keeper to this build, and keeps the sessions',
  );
  // Whoever lists sessions at a terminal is told; scripts ask `status`.
  for (const command of ['$HF ls', '$HF'])
    await home
      .inTerminal(command)
      .waitFor(/NAME[^]*holdfast: the daemon is \S+\+0123456789ab; holdfast upgrade brings it to /);
  expect(await home.run('ls')).toMatchObject({ code: 0, stderr: '' });
  expect(await home.do('upgrade')).toContain('1 session kept');
  const listed = home.inTerminal('$HF ls');
  await listed.ended();
  expect(listed.screen.text).toMatch(/^NAME[^]*cat/);
  expect(listed.screen.text).not.toContain('upgrade');
  expect(await status()).toMatchObject({ update: { pending: false }, sessions: { running: 1 }, clients: 0 });
  expect(await home.do('status')).not.toContain('upgrade');
});

const run = promisify(execFile);

test('an upgrade replaces a keeper of another build in place: same process, same sessions, and it keeps them', async () => {
  const folder = await mkdtemp('/tmp/hf-tree-');
  const tree = await otherTree(folder, { build: OTHER_BUILD });
  await using home = new TestHome({ installation: tree });
  expect(await home.cli(['new', '-d', '--name', 's', '--', 'cat'])).toMatchObject({ code: 0 });
  const status = async () => JSON.parse((await home.cli(['status', '--json'])).stdout.toString());
  const before = await status();
  expect([before.keeper.build, before.daemon.build]).toEqual([OTHER_BUILD, OTHER_BUILD]);
  const { stdout, stderr } = await run(installation().bin, ['upgrade'], { env: home.env });
  expect({ stdout, stderr }).toEqual({ stdout: expect.stringContaining('1 session kept'), stderr: '' });
  const after = await status();
  expect(after.daemon.build).not.toBe(OTHER_BUILD);
  expect(after.keeper).toMatchObject({
    pid: before.keeper.pid,
    build: after.daemon.build,
    state: 'running',
    daemonPid: after.daemon.pid,
  });
  // It starts this build from now on, and still has the session.
  await rm(folder, { recursive: true });
  process.kill(after.daemon.pid, 'SIGKILL');
  const { stdout: listed } = await run(installation().bin, ['ls', '--json'], { env: home.env });
  expect(JSON.parse(listed)).toMatchObject([{ name: 's', state: 'running' }]);
  const { stdout: last } = await run(installation().bin, ['status', '--json'], { env: home.env });
  const { daemon, keeper } = JSON.parse(last);
  expect(daemon.build).toBe(after.daemon.build);
  expect(keeper.pid).toBe(before.keeper.pid);
  expect(zombiesOf(keeper.pid)).toEqual([]);
});
