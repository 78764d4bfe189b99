import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { keeperReport } from '@holdfast/supervisor/keeper-report';
import {
  childrenOf,
  eventually,
  isAlive,
  passTime,
  startDaemon,
  processState,
  TestHome,
  untilEnded,
} from '@holdfast/testkit';
import { describe, expect, test } from 'vitest';
import { SERVED_MS, startKept } from './support/kept.ts';
import { expectStatuses, openGated } from './support/gated.ts';
import { expectOneEach } from './support/one-each.ts';
import { holdingIsTold, isServedAgain, keeperIsReplaced, killKeeper } from './support/recovery.ts';
import { daemonStands, keeperStands } from './support/stopped.ts';
import { stoppedSuccessor, upgrade } from './support/upgrades.ts';

/** What takes a fraction of a second, with ten others at every processor; a wait for any time-out would be longer. tests/long/recovery.test.ts has the limits that are promised. */
const BUSY_MACHINE_MS = 4_500;

const UNDISTURBED = { states: [], gaps: [] };

describe.concurrent('the keeper is killed', () => {
  test('another one holds everything and is the parent of another daemon; nobody’s connection ends, and nothing more is lost', async () => {
    await using kept = await startKept();
    const { daemon } = kept;
    const cat = await daemon.openCommand(['/bin/cat']);
    const output = await daemon.record(cat);
    const client = await daemon.client();
    const states: string[] = [];
    client.onStateChange = (state) => states.push(state);
    const input = await client.openInput(cat.id);
    await killKeeper(daemon);
    await input.write(Buffer.from('after\n'));
    await output.waitFor('after\r\nafter\r\n');
    expect(states).toEqual([]);
    const gated = await openGated(daemon);
    await passTime(SERVED_MS);
    await daemon.killServing();
    for (const { open } of gated) await open();
    await expectStatuses(daemon, gated);
    await input.write(Buffer.from('at last\n'));
    await output.waitFor('at last\r\n');
    expect((await daemon.get(cat)).pid).toBe(cat.pid);
    await expectOneEach(daemon);
  }, 60_000);

  test.sequential(
    'soon another one holds everything, under load, and how programs end is known through all of it',
    () => keeperIsReplaced(BUSY_MACHINE_MS),
    90_000,
  );

  test('keeper and daemon, one after the other, both ways round', async () => {
    await using kept = await startKept();
    const { daemon } = kept;
    const cat = await daemon.openCommand(['/bin/cat']);
    await killKeeper(daemon);
    await passTime(3_000);
    await daemon.killServing();
    expect((await daemon.get(cat)).state).toBe('running');
    await passTime(3_000);
    await killKeeper(daemon);
    expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
    await expectOneEach(daemon);
    // The first, two under a new keeper, and one that was started again.
    expect((await (await daemon.client()).request('status', {})).daemon.generation).toBe(4);
  }, 60_000);

  test('an upgrade is answered whose successor the new keeper starts, since it is not the parent yet', async () => {
    await using kept = await startKept();
    const { daemon, at } = kept;
    const { keeperPid = -1, daemonPid } = daemon.home;
    at({ 'successor.loaded': 'stop' });
    process.kill(keeperPid, 'SIGKILL');
    const successor = await stoppedSuccessor(daemon);
    expect(childrenOf(daemon.home.keeperPid ?? -1)).toContain(successor);
    at({});
    const client = await daemon.client();
    const asked = upgrade(daemon, client);
    // Its request is read before this one is answered.
    await client.request('status', {});
    process.kill(successor, 'SIGCONT');
    const { from, to } = await asked;
    expect([from.pid, to.pid]).toEqual([daemonPid, successor]);
  }, 60_000);
});

test('a session that kills daemons is reported by those that come after, also after an upgrade, and lives', async () => {
  await using kept = await startKept();
  const { daemon, at } = kept;
  const deadly = await daemon.openCommand(['/bin/cat']);
  await passTime(SERVED_MS);
  at({ [`daemon.rebuilding ${deadly.id}`]: 'kill' });
  await daemon.killServing();
  const client = await daemon.connect();
  const aside = [{ id: deadly.id, why: expect.stringContaining('died twice') }];
  expect((await client.request('status', {})).aside).toEqual(aside);
  await upgrade(daemon, client);
  expect((await client.request('status', {})).aside).toEqual(aside);
  expect((await daemon.cli(['status'])).stdout.toString()).toContain(`aside     ${deadly.id}`);
  expect(isAlive(deadly.pid)).toBe(true);
}, 60_000);

/** tests/long/stopped.test.ts has them stand for longer. */
const STOPPED_MS = 2_500;

describe.concurrent('one that is stopped is not dead', () => {
  test(
    'the keeper: sessions open, an upgrade fails in its time, and nothing is replaced',
    () => keeperStands(STOPPED_MS),
    60_000,
  );

  test('the daemon: who asks for a session waits, and gets it', () => daemonStands(STOPPED_MS), 60_000);
});

describe.concurrent('who dies in an upgrade', () => {
  test.for(['predecessor.snapshot', 'predecessor.sent', 'predecessor.commit', 'predecessor.committed'])(
    'a predecessor that is killed at %s: one daemon serves then, and the sessions are there',
    async (point) => {
      await using kept = await startKept();
      const { daemon, at } = kept;
      const cat = await daemon.openCommand(['/bin/cat']);
      const output = await daemon.record(cat);
      const before = await daemon.servingPid();
      await passTime(SERVED_MS);
      const client = await daemon.client();
      const states: string[] = [];
      client.onStateChange = (state) => states.push(state);
      at({ [point]: 'kill' });
      const asked = upgrade(daemon);
      asked.catch(() => undefined);
      await untilEnded(before);
      at({});
      const input = await client.openInput(cat.id);
      await input.write(Buffer.from('on\n'));
      await output.waitFor('on\r\n');
      expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
      // The successor goes on once it has adopted everything, and has the connections.
      if (point.startsWith('predecessor.commit')) expect({ states, gaps: output.gaps }).toEqual(UNDISTURBED);
      await expectOneEach(daemon);
      expect((await upgrade(daemon)).from.pid).not.toBe(before);
    },
  );

  test.for(['successor.received', 'successor.adopted', 'successor.committed'])(
    'a successor that is killed at %s changes nothing',
    async (point) => {
      await using kept = await startKept();
      const { daemon, at } = kept;
      const cat = await daemon.openCommand(['/bin/cat']);
      const before = await daemon.servingPid();
      at({ [point]: 'kill' });
      await expect(upgrade(daemon)).rejects.toMatchObject({ code: expect.stringMatching(/^E_UPGRADE_/) });
      at({});
      expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
      expect((await upgrade(daemon)).from.pid).toBe(before);
      await expectOneEach(daemon);
    },
  );

  test.for(['successor.loaded', 'successor.received', 'successor.adopted', 'successor.committed'])(
    'the keeper is killed while the successor is at %s: one daemon and one keeper are there in the end, and the sessions',
    { timeout: 60_000 },
    async (point) => {
      await using kept = await startKept();
      const { daemon, at } = kept;
      const cat = await daemon.openCommand(['/bin/cat']);
      at({ [point]: 'stop' });
      const asked = upgrade(daemon);
      asked.catch(() => undefined);
      const successor = await stoppedSuccessor(daemon);
      const { keeperPid = -1 } = daemon.home;
      process.kill(keeperPid, 'SIGKILL');
      await untilEnded(keeperPid);
      at({});
      process.kill(successor, 'SIGCONT');
      await eventually('another keeper', () => (daemon.home.keeperPid ?? keeperPid) !== keeperPid);
      await asked.catch(() => undefined);
      await eventually('it is the parent of the one daemon', () => {
        const { keeperPid = -1, daemonPids } = daemon.home;
        return daemonPids.length === 1 && childrenOf(keeperPid).includes(daemonPids[0] ?? -1);
      });
      expect(await daemon.get(cat)).toMatchObject({ state: 'running', pid: cat.pid });
      await eventually('it holds the session', async () => {
        const { unescrowed } = await daemon.get(cat);
        return unescrowed === undefined;
      });
      await expectOneEach(daemon);
    },
  );
});

describe.each([
  { how: 'with pidfds', args: [] },
  { how: 'without pidfds', args: ['--no-pidfd'] },
])('exit statuses $how', ({ args }) => {
  test('of programs that end before, during and after an upgrade, and while no daemon lives', async () => {
    await using kept = await startKept(args);
    const { daemon, at } = kept;
    const before = await openGated(daemon);
    const during = await openGated(daemon);
    const after = await openGated(daemon);
    const unseen = await openGated(daemon);
    for (const { open } of before) await open();
    await expectStatuses(daemon, before);

    at({ 'successor.adopted': 'stop' });
    const asked = upgrade(daemon);
    const successor = await stoppedSuccessor(daemon);
    for (const { open } of during) await open();
    for (const { session } of during)
      await eventually('it has ended', () => processState(session.pid) === 'Z');
    at({});
    process.kill(successor, 'SIGCONT');
    await asked;
    await expectStatuses(daemon, [...before, ...during]);

    for (const { open } of after) await open();
    await expectStatuses(daemon, after);

    at({ 'daemon.starting': 'kill' });
    await daemon.killServing();
    const held = () => keeperReport(daemon.home.paths)?.state === 'held';
    await eventually('the keeper holds', held);
    for (const { open } of unseen) await open();
    for (const { session } of unseen) await untilEnded(session.pid);
    at({});
    expect(await daemon.cli(['resume'])).toMatchObject({ code: 0, stderr: '' });
    const client = await daemon.connect();
    for (const { session, exit } of [...before, ...during, ...after, ...unseen]) {
      const ended = await client.request('wait', { session: session.id });
      expect(ended.session.exit).toEqual(exit);
    }
    await expectOneEach(daemon);
  }, 90_000);
});

test(
  'daemons that die again and again: the programs wait, `status` says so at once, and a good build brings them back',
  () => holdingIsTold(BUSY_MACHINE_MS),
  60_000,
);

test(
  'a connect to a daemon that is dead succeeds, and opening, listing and killing are done soon',
  () => isServedAgain(BUSY_MACHINE_MS),
  60_000,
);

test('a status that is told and not saved yet when the daemon is killed is no secret of that daemon', async () => {
  await using daemon = await startDaemon({ keeper: true });
  const gate = daemon.home.gate();
  const session = await daemon.openCommand(['/bin/sh', '-c', `read none <${gate.path}; exit 7`]);
  // To write to a pipe that nobody reads takes for ever, as it may on a disk.
  const folder = path.join(daemon.home.paths.stateDir, 'sessions', session.id);
  execFileSync('mkfifo', [path.join(folder, `state.json.${await daemon.servingPid()}.new`)]);
  await gate.open();
  await eventually('the end is told', async () => (await daemon.get(session)).state === 'exited');
  await daemon.killServing();
  expect((await daemon.get(session)).exit).toEqual({ code: 7 });
}, 60_000);

test('`stop` ends daemon and keeper, and the next command starts both', async () => {
  await using home = new TestHome();
  expect((await home.cli(['new', '-d', '--', '/bin/cat'])).code).toBe(0);
  const { keeperPid, daemonPid } = home;
  const status = await home.cli(['status']);
  expect(status.stdout.toString()).toContain(`keeper    pid ${keeperPid}, version`);
  expect((await home.cli(['stop', '--yes'])).code).toBe(0);
  for (const pid of [keeperPid, daemonPid]) await untilEnded(pid ?? -1);
  expect(home.processes).toEqual([]);
  expect((await home.cli(['new', '-d', '--', '/bin/cat'])).code).toBe(0);
  expect(home.keeperPid).not.toBe(keeperPid);
}, 30_000);
