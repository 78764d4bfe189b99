import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  childrenOf,
  eventually,
  type Installation,
  installation,
  repository,
  startDaemon,
  type TestDaemon,
  TestHome,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { mastersOf } from './support/upgrades.ts';

const run = promisify(execFile);

/** The programs of this tree in a folder that can be removed. */
async function copiedTree(folder: string): Promise<Installation> {
  for (const part of ['bin', 'dist', 'package.json'])
    await cp(path.join(repository, part), path.join(folder, part), { recursive: true });
  await symlink(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  return installation(folder);
}

/** `holdfast upgrade` went well; one keeper holds both sessions and is the parent of the daemon. */
async function expectKept(daemon: TestDaemon, sessions: number): Promise<void> {
  const { keeperPid = -1, daemonPids } = daemon.home;
  expect(daemonPids).toHaveLength(1);
  expect(childrenOf(keeperPid)).toContain(daemonPids[0]);
  await eventually('it holds everything', () => mastersOf(keeperPid) === sessions);
}

test('a daemon that was started without a keeper has one after `holdfast upgrade`, which keeps its sessions', async () => {
  await using daemon = await startDaemon();
  const cat = await daemon.openCommand(['/bin/cat']);
  const output = await daemon.record(cat);
  const done = await daemon.cli(['upgrade', '--json']);
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
  const { from, to, sessions, clients } = JSON.parse(String(done.stdout));
  expect({ from: from.pid, to: to.pid, sessions, clients: clients.dropped }).toEqual({
    from: daemon.pid,
    to: daemon.home.daemonPid,
    sessions: 1,
    clients: 0,
  });
  await expectKept(daemon, 1);
  // With a client that was there before, and was not disconnected.
  const input = await (await daemon.client()).openInput(cat.id);
  await input.write(Buffer.from('on\n'));
  await output.waitFor('on\r\non\r\n');
  process.kill(to.pid, 'SIGKILL');
  await eventually('another daemon', () => ![undefined, to.pid].includes(daemon.home.daemonPid));
  const client = await daemon.connect({ reconnect: true });
  const { session } = await client.request('get', { session: cat.id });
  expect(session).toMatchObject({ state: 'running', pid: cat.pid });
  // Asked for again it is an upgrade like any other.
  expect((await daemon.cli(['upgrade'])).code).toBe(0);
  await expectKept(daemon, 1);
}, 60_000);

test('a daemon whose keeper was killed, and can not be started again, gets that of the installation that upgrades it', async () => {
  const folder = await mkdtemp('/tmp/hf-tree-');
  await using home = new TestHome({ installation: await copiedTree(folder) });
  await using daemon = await startDaemon({ home, keeper: true });
  const cat = await daemon.openCommand(['/bin/cat']);
  const before = await daemon.servingPid();
  // As it is when the installation that started it was removed.
  await rm(folder, { recursive: true });
  process.kill(home.keeperPid ?? -1, 'SIGKILL');
  await eventually('its session is marked', async () => (await daemon.get(cat)).unescrowed);
  const { stdout, stderr } = await run(installation().bin, ['upgrade', '--json'], { env: home.env });
  expect({ from: JSON.parse(stdout).from.pid, stderr }).toEqual({ from: before, stderr: '' });
  await expectKept(daemon, 1);
  expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
  expect(await daemon.get(cat)).not.toHaveProperty('unescrowed');
}, 60_000);
