import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, stopProcess } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { brokenDaemon, otherDaemon, SupervisedHome } from './support/supervised.ts';

const NEWER = { version: '0.9.0', build: 'aaaaaaaaaaaa' };
const BROKEN = { version: '0.9.1', build: 'bbbbbbbbbbbb' };

test('a daemon that cannot start is told of, and so is one that does not answer', async () => {
  await using home = new SupervisedHome();
  const broken = home.supervisor({ daemonEntry: brokenDaemon(home) });
  await expect(broken.ensure()).rejects.toMatchObject({ code: 'E_DAEMON_START' });
  expect(home.told('spawn_failed')).toEqual([
    { type: 'spawn_failed', code: 'E_DAEMON_START', reason: expect.stringContaining('cannot start') },
  ]);
  const supervisor = home.supervisor();
  const { pid } = await supervisor.ensure();
  await stopProcess(pid);
  expect(await supervisor.adopt()).toMatchObject({ kind: 'unknown', pid });
  process.kill(pid, 'SIGCONT');
  expect(home.told('adopt_rejected')).toMatchObject([{ code: 'E_TIMEOUT' }]);
});

test('a keeper that gives up is told of, and what has it go on', async () => {
  await using home = new SupervisedHome();
  const entry = path.join(home.scratch('entry'), 'main.mjs');
  symlinkSync(home.installation.daemonEntry, entry);
  const supervisor = home.supervisor({ daemonEntry: entry });
  const { pid } = await supervisor.ensure();
  using watching = supervisor.watch(undefined, { autoUpdate: false });
  await eventually('it is seen', () => watching.view.daemon?.pid === pid);
  unlinkSync(entry);
  writeFileSync(entry, 'throw new Error("this build is broken");\n');
  process.kill(pid, 'SIGKILL');
  await eventually('it is held', () => watching.view.state === 'held');
  expect(home.told('crash_budget_spent')).toHaveLength(1);
  unlinkSync(entry);
  symlinkSync(home.installation.daemonEntry, entry);
  const { daemon } = await supervisor.resume();
  expect(home.told('resumed')[0]).toMatchObject({ pid: daemon.pid, build: daemon.build });
});

test('an upgrade tells of the keeper that goes on as another build', async () => {
  await using home = new SupervisedHome();
  await home.supervisor().ensure();
  const { keeperPid } = home;
  const newer = home.supervisor({ daemonEntry: otherDaemon(home, NEWER), build: NEWER });
  expect(await newer.upgrade()).toMatchObject({ ok: true, keeper: null });
  expect(home.told('keeper_replaced')).toMatchObject([{ pid: keeperPid }]);
});

test('an automatic update waits until the machine is not in a rush, and longer after each failure', async () => {
  await using home = new SupervisedHome();
  await home.supervisor().ensure();
  const newer = home.supervisor({ daemonEntry: otherDaemon(home, NEWER), build: NEWER });
  {
    using _ = newer.watch();
    await eventually('it is scheduled', () => home.told('auto_update_scheduled').length === 1);
  }
  const [first] = home.told('auto_update_scheduled');
  expect(first?.delayMs).toBeGreaterThanOrEqual(20_000);
  home.events.length = 0;
  const broken = home.supervisor({ daemonEntry: brokenDaemon(home), build: BROKEN });
  using _ = broken.watch(undefined, { autoUpdate: { startDelayMs: 0, retryDelayMs: 20, tries: 4 } });
  await eventually('the end of the attempts', () => home.told('auto_update_given_up').length === 1);
  expect(home.told('auto_update_scheduled').map(({ delayMs, attempt }) => [attempt, delayMs])).toEqual([
    [1, 0],
    [2, 20],
    [3, 80],
    [4, 320],
  ]);
});
