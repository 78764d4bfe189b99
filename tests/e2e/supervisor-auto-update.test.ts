import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine, eventually, passTime, processState } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { brokenDaemon, otherDaemon, SupervisedHome, thisBuild } from './support/supervised.ts';

const NEWER = { version: '0.9.0', build: 'aaaaaaaaaaaa' };
const BROKEN = { version: '0.9.1', build: 'bbbbbbbbbbbb' };
const GOOD = { version: '0.9.2', build: 'cccccccccccc' };
const AT_ONCE = { startDelayMs: 0, retryDelayMs: 20 };

test('an older daemon is upgraded by itself; a build that cannot start is tried a few times and told of; a good one clears that', async () => {
  await using home = new SupervisedHome();
  const old = home.supervisor();
  await old.ensure();
  const { id, pid: program } = await home.open('s');

  const newer = home.supervisor({ daemonEntry: otherDaemon(home, NEWER), build: NEWER });
  {
    using watching = newer.watch(undefined, { autoUpdate: AT_ONCE });
    await eventually('the newer build', () => watching.view.daemon?.build === NEWER.build);
    await eventually('the news of it', () => home.told('auto_update_ok').length === 1);
    expect(watching.view.update).toMatchObject({ pending: false, failure: null });
  }
  // Not back again, by one that is older.
  expect((await old.status()).update).toMatchObject({ pending: false, running: '0.9.0+aaaaaaaaaaaa' });

  const broken = { daemonEntry: brokenDaemon(home), build: BROKEN };
  {
    using watching = home.supervisor(broken).watch(undefined, { autoUpdate: AT_ONCE });
    await eventually('the end of the attempts', () => home.told('auto_update_given_up').length > 0);
    await eventually('the failure', () => watching.view.update.failure !== null);
    // Nobody tries again: neither this one nor another, which knows of it by the file.
    using other = home.supervisor(broken).watch(undefined, { autoUpdate: AT_ONCE });
    await eventually('the look of another', () => other.view.state === 'serving');
    await passTime(300);
  }
  expect(home.told('auto_update_attempt').filter(({ available }) => available === BROKEN.build)).toHaveLength(
    3,
  );
  expect(home.logged('upgrade.failed')).toHaveLength(3);
  const failed = JSON.parse(String((await home.cli(['status', '--json'])).stdout));
  expect(failed).toMatchObject({
    daemon: { build: NEWER.build },
    update: { failure: { code: 'E_UPGRADE_START', reason: expect.stringContaining('cannot start') } },
  });

  expect(String((await home.cli(['status'])).stdout)).toMatch(
    /^update    the last one failed at \S+Z, and nothing has changed: .*cannot start/m,
  );

  const good = home.supervisor({ daemonEntry: otherDaemon(home, GOOD), build: GOOD });
  using watching = good.watch(undefined, { autoUpdate: AT_ONCE });
  await eventually('the good build', () => watching.view.daemon?.build === GOOD.build);
  expect(await good.status()).toMatchObject({
    update: { pending: false, failure: null },
    sessions: { running: 1 },
  });
  const client = await home.connect();
  expect((await client.request('get', { session: id })).session).toMatchObject({
    state: 'running',
    pid: program,
  });
}, 120_000);

test('a failure that was dismissed is told of no more, and not tried again', async () => {
  await using home = new SupervisedHome();
  await home.supervisor().ensure();
  const broken = home.supervisor({ daemonEntry: brokenDaemon(home), build: BROKEN });
  using watching = broken.watch(undefined, { autoUpdate: { ...AT_ONCE, tries: 1 } });
  await eventually('the end of the attempts', () => home.told('auto_update_given_up').length > 0);
  await eventually('the failure', () => watching.view.update.failure !== null);
  broken.dismissUpdateFailure();
  expect((await broken.status()).update).toMatchObject({ pending: true, failure: null });
  expect(watching.view.update.failure).toBeNull();
  using other = broken.watch(undefined, { autoUpdate: { ...AT_ONCE, tries: 1 } });
  await eventually('the look of another', () => other.view.state === 'serving');
  await passTime(200);
  expect(home.logged('upgrade.failed')).toHaveLength(1);
});

test('who meets the upgrade of somebody else waits for its end: that is neither a try nor a failure', async () => {
  await using home = new SupervisedHome();
  const points = path.join(home.scratch('points'), 'points.json');
  writeFileSync(points, JSON.stringify({ 'successor.loaded': 'stop' }));
  await home.supervisor({}, { env: { ...home.env, HOLDFAST_TEST_POINTS: points } }).ensure();
  const others = home
    .supervisor({ daemonEntry: otherDaemon(home, NEWER), build: NEWER })
    .upgrade({ timeoutMs: 60_000 });
  const successor = await eventually('a successor that stands', () =>
    home.processes.find((pid) => / adopt /.test(commandLine(pid)) && processState(pid) === 'T'),
  );
  writeFileSync(points, '{}');
  const good = home.supervisor({ daemonEntry: otherDaemon(home, GOOD), build: GOOD });
  using watching = good.watch(undefined, { autoUpdate: { ...AT_ONCE, tries: 1 } });
  const attempts = () => home.told('auto_update_attempt');
  await eventually('several looks', () => attempts().length >= 3);
  expect(attempts().map(({ attempt }) => attempt)).toEqual(attempts().map(() => 1));
  expect(watching.view.update.failure).toBeNull();
  expect(home.told('auto_update_given_up')).toEqual([]);
  process.kill(successor, 'SIGCONT');
  expect(await others).toMatchObject({ ok: true, to: { build: NEWER.build } });
  await eventually('the good build', () => watching.view.daemon?.build === GOOD.build);
  expect(home.told('auto_update_failed')).toEqual([]);
});

test.each([
  ['the environment', {}, { HOLDFAST_AUTO_UPDATE: 'off' }, AT_ONCE],
  ['an option', {}, {}, false],
  ['a build of the same version, whose order nobody knows', { version: 'same' }, {}, AT_ONCE],
] as const)(
  'nothing is updated by itself because of %s',
  async (_why, { version }: { version?: string }, more, autoUpdate) => {
    await using home = new SupervisedHome();
    const { build } = await home.supervisor().ensure();
    const available = version === 'same' ? { ...NEWER, version: thisBuild(home).version } : NEWER;
    const newer = home.supervisor(
      { daemonEntry: otherDaemon(home, available), build: available },
      { env: { ...home.env, ...more } },
    );
    using watching = newer.watch(undefined, { autoUpdate });
    await eventually('a look', () => watching.view.state === 'serving');
    await passTime(300);
    expect(watching.view).toMatchObject({ daemon: { build }, update: { pending: true } });
    expect(home.logged('upgrade.begun')).toEqual([]);
  },
);

test('in development a daemon of another build of the same version is upgraded at once', async () => {
  await using home = new SupervisedHome();
  await home.supervisor().ensure();
  const edited = { ...NEWER, version: thisBuild(home).version };
  const tree = home.supervisor(
    { daemonEntry: otherDaemon(home, edited), build: edited },
    { env: { ...home.env, HOLDFAST_ENV: 'development' } },
  );
  using watching = tree.watch();
  await eventually('the edited build', () => watching.view.daemon?.build === edited.build);
});
