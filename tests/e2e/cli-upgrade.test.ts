import { stopProcess } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { CliHome } from './support/cli-home.ts';

test('an upgrade that fails is one line and one document, and exits with 1', async () => {
  await using home = new CliHome();
  expect(await home.run('upgrade', '--json')).toEqual({
    code: 1,
    stdout: `{"ok":false,"code":"E_NO_DAEMON","reason":"can't upgrade: no daemon is running","sessions":0}\n`,
    stderr: "holdfast: can't upgrade: no daemon is running\n",
  });
  await home.do('new', '-d', '--', 'cat');
  const { code, stdout, stderr } = await home.run('upgrade', '--json', '--entry', '/nope');
  expect({ code, document: JSON.parse(stdout) }).toMatchObject({
    code: 1,
    document: { ok: false, code: 'E_UPGRADE_START', sessions: 1 },
  });
  expect(stderr).toMatch(
    /^holdfast: can't upgrade: [^\n]*\/nope[^\n]*; nothing has changed, and 1 session runs on\n$/,
  );
  expect(await home.do('upgrade')).toMatch(/^Upgraded [^\n]* again\): 1 session kept, pause \d+ ms\n$/);
});

test('an upgrade of a daemon that does not answer fails in time, in its own words', async () => {
  await using home = new CliHome();
  await home.do('new', '-d', '--', 'cat');
  await stopProcess(home.daemonPid ?? 0);
  const began = performance.now();
  const { code, stdout, stderr } = await home.run('upgrade', '--json');
  expect(performance.now() - began).toBeLessThan(15_000);
  expect({ code, document: JSON.parse(stdout) }).toMatchObject({
    code: 1,
    document: { ok: false, code: 'E_NO_DAEMON', sessions: 0 },
  });
  expect(stderr.split('\n')).toHaveLength(2);
}, 40_000);
