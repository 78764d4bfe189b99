import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { repository } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

const OTHER_BUILD = '0123456789ab';

/** A daemon that says it is another build than the command line, and is the same otherwise. */
async function otherDaemon(home: CliHome): Promise<string> {
  const folder = home.scratch('other');
  const code = await readFile(home.installation.daemonEntry, 'utf8');
  const [, , build = ''] = /(\S+) \((\w+)\)/.exec(await home.do('--version')) ?? [];
  expect(code).toContain(build);
  const entry = path.join(folder, 'main.mjs');
  await writeFile(entry, code.replaceAll(build, OTHER_BUILD));
  await symlink(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  return entry;
}

test('a daemon of another build is named, with what to do about it; an upgrade does it', async () => {
  await using home = new CliHome();
  const env = { HOLDFAST_DAEMON_ENTRY: await otherDaemon(home) };
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
  expect(stdout).toContain('→ holdfast upgrade brings it to this build, and keeps the sessions');
  expect(await home.do('upgrade')).toContain('1 session kept');
  expect(await status()).toMatchObject({ update: { pending: false }, sessions: { running: 1 }, clients: 0 });
  expect(await home.do('status')).not.toContain('upgrade');
});
