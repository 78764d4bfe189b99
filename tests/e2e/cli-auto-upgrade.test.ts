import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { eventually, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { otherTree } from './support/other-tree.ts';

const LATER = { version: '99.0.0', build: 'aaaaaaaaaaaa' };
const BEING_UPGRADED = 'the daemon is being upgraded to 99.0.0+aaaaaaaaaaaa, and keeps the sessions';
const COULD_BE = 'holdfast upgrade brings it to 99.0.0+aaaaaaaaaaaa';

/** A home whose daemon is of this tree, with a session in it, and the command line of a later version. */
async function afterInstallation(folders: TestHome) {
  const tree = await otherTree(folders.scratch('later'), LATER);
  const opened = await folders.cli(['new', '-d', '--json', '--name', 's']);
  const { id, pid } = JSON.parse(String(opened.stdout));
  const status = async () => JSON.parse(String((await folders.cli(['status', '--json'])).stdout));
  const inShell = (line: string) => {
    const shell = folders.terminalWith(['/bin/sh', '-i'], { cwd: path.dirname(folders.folder) });
    shell.type(`${line}; exit\r`);
    return shell;
  };
  const typed = (args: string[], env: Record<string, string> = {}) =>
    inShell([...Object.entries(env).map(([name, value]) => `${name}=${value}`), tree.bin, ...args].join(' '));
  return { tree, id, pid, status, typed, inShell };
}

test('a command at a terminal has an older daemon upgraded, once; who has gone back since is left alone', async () => {
  await using home = new TestHome();
  const { id, pid, status, typed } = await afterInstallation(home);
  const { daemon: older } = await status();
  await typed(['ls'], { HOLDFAST_AUTO_UPDATE: 'off' }).waitFor(COULD_BE);
  expect(await status()).toMatchObject({ daemon: { pid: older.pid } });

  // Whoever is attached notices nothing of it.
  // A home that is named from a folder is the same for who upgrades.
  const viewer = typed(['attach', 's'], { HOLDFAST_HOME: './h' });
  await eventually('the later version', async () => (await status()).daemon.build === LATER.build);
  // Who has done it has written that down, and nobody else is at it.
  await eventually('the news of it', () =>
    readFileSync(home.paths.supervisorLogPath, 'utf8').includes('"update_ok"'),
  );
  viewer.type("echo sh''own\r");
  await viewer.until('\nshown');
  const { sessions } = await (await home.connect()).request('list', {});
  expect(sessions).toMatchObject([{ id, pid, state: 'running' }]);

  expect((await home.cli(['upgrade'])).code).toBe(0);
  expect(await status()).toMatchObject({ daemon: { build: older.build } });
  const listed = typed(['ls']);
  await listed.waitFor(COULD_BE);
  await listed.ended();
  expect(await status()).toMatchObject({ daemon: { build: older.build } });
});

test('what no terminal shows and what a script does upgrade nothing; a build that cannot start is tried once, and status tells why', async () => {
  await using home = new TestHome();
  const { tree, id, pid, status, typed, inShell } = await afterInstallation(home);
  const { daemon } = await status();
  writeFileSync(tree.daemonEntry, 'throw new Error("this build cannot start");\n');

  for (const args of [['ls'], ['send', 's', 'x']]) {
    const { stdout, stderr } = await promisify(execFile)(tree.bin, args, { env: home.env });
    expect(`${stdout}${stderr}`).not.toContain(LATER.version);
  }

  const script = path.join(home.scratch('scripts'), 'script');
  writeFileSync(script, `${tree.bin} ls\n${tree.bin} send s x\n`);
  const scripted = inShell(`sh ${script}`);
  await scripted.waitFor(COULD_BE);
  await scripted.ended();
  const isOff = { ...home.env, HOLDFAST_AUTO_UPDATE: 'off' };
  await promisify(execFile)(tree.bin, ['upgrade', '--auto'], { env: isOff });
  expect((await status()).update.failure).toBeNull();

  await typed(['ls']).waitFor(BEING_UPGRADED);
  const { failure } = await eventually('the failure', async () => {
    const { update } = await status();
    return update.failure !== null && update;
  });
  expect(failure).toMatchObject({ code: 'E_UPGRADE_START', reason: expect.stringContaining('cannot start') });
  const again = typed(['ls']);
  await again.waitFor(COULD_BE);
  await again.ended();
  const attempts = () => readFileSync(home.paths.logPath, 'utf8').match(/ upgrade\.begun /g)?.length;
  expect(attempts()).toBe(1);
  expect(await status()).toMatchObject({ daemon: { pid: daemon.pid }, sessions: { running: 1 } });
  const { session } = await (await home.connect()).request('get', { session: id });
  expect(session).toMatchObject({ pid, state: 'running' });
});
