import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, passTime } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { SERVED_MS, startKept } from './support/kept.ts';
import { expectOneEach } from './support/one-each.ts';
import { sameBuild, upgrade } from './support/upgrades.ts';

function limitOpenFiles(pid: number, limits: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limits}`]);
}

/** All that a process has open stays, and nothing comes to it. */
const NONE = '3:20000';
const MANY = '20000:20000';

test('a daemon that can not take its successor’s channel for want of descriptors keeps its keeper', async () => {
  await using kept = await startKept();
  const { daemon } = kept;
  const cat = await daemon.openCommand(['/bin/cat']);
  const client = await daemon.client();
  const serving = await daemon.servingPid();
  const { keeperPid } = daemon.home;
  await passTime(SERVED_MS);
  limitOpenFiles(serving, NONE);
  const failed = client.request('upgrade', sameBuild(daemon), { timeoutMs: 20_000 });
  await expect(failed).rejects.toMatchObject({ code: 'E_UPGRADE_REFUSED' });
  limitOpenFiles(serving, MANY);
  expect((await upgrade(daemon)).from.pid).toBe(serving);
  await expectOneEach(daemon);
  expect(daemon.home.keeperPid).toBe(keeperPid);
  expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
}, 30_000);

test('a keeper that without descriptors takes no session: it is marked until there is room, and then outlives its daemon', async () => {
  await using kept = await startKept();
  const { daemon } = kept;
  const { keeperPid = -1 } = daemon.home;
  limitOpenFiles(keeperPid, NONE);
  const cat = await daemon.openCommand(['/bin/cat']);
  await eventually('it is marked', async () => (await daemon.get(cat)).unescrowed);
  // A successor is to know, too; it can't be told of a hand-over now.
  await expect(upgrade(daemon)).rejects.toMatchObject({ code: 'E_UPGRADE_REFUSED' });
  expect((await daemon.get(cat)).unescrowed).toBe(true);
  limitOpenFiles(keeperPid, MANY);
  await eventually('it is held', async () => (await daemon.get(cat)).unescrowed === undefined);
  await daemon.killServing();
  await expectOneEach(daemon);
  const client = await daemon.home.connect();
  expect((await client.request('get', { session: cat.id })).session).toMatchObject({
    state: 'running',
    pid: cat.pid,
  });
}, 30_000);

test('a session that the keeper has not taken before an upgrade is offered by the successor, and outlives that', async () => {
  await using kept = await startKept();
  const { daemon } = kept;
  const { keeperPid = -1 } = daemon.home;
  limitOpenFiles(keeperPid, NONE);
  const cat = await daemon.openCommand(['/bin/cat']);
  // After so many the predecessor waits for seconds before it offers it again: the upgrade comes first.
  const log = path.join(daemon.home.paths.stateDir, 'daemon.log');
  await eventually('five refusals', () => readFileSync(log, 'utf8').split('keeper.refused').length > 5);
  expect((await daemon.get(cat)).unescrowed).toBe(true);
  limitOpenFiles(keeperPid, MANY);
  await upgrade(daemon);
  await eventually('it is held', async () => (await daemon.get(cat)).unescrowed === undefined);
  await daemon.killServing();
  await expectOneEach(daemon);
  expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
}, 30_000);

test('more arguments for Node than a keeper takes are refused before anything is begun', async () => {
  await using kept = await startKept();
  const { daemon } = kept;
  const client = await daemon.client();
  const execArgv = Array.from({ length: 33 }, () => '--no-warnings');
  const failed = client.request('upgrade', { ...sameBuild(daemon), execArgv });
  await expect(failed).rejects.toMatchObject({ code: 'E_BAD_REQUEST' });
  await client.request('upgrade', { ...sameBuild(daemon), execArgv: execArgv.slice(1) });
  await expectOneEach(daemon);
}, 30_000);
