import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';
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
  expect(stdout).toContain('→ holdfast upgrade brings it to this build, and keeps the sessions');
  expect(await home.do('upgrade')).toContain('1 session kept');
  expect(await status()).toMatchObject({ update: { pending: false }, sessions: { running: 1 }, clients: 0 });
  expect(await home.do('status')).not.toContain('upgrade');
});
