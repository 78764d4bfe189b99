import { eventually, isAlive, program, startDaemon, type TestDaemon, untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';

test('kill ends the whole family: children, grandchildren, own groups and own sessions, whatever they ignore', async () => {
  await using daemon = await startDaemon();
  const { session, family } = await openFamily(daemon, program('fork-tree.py'));
  const killed = await (await daemon.client()).request('kill', { session }, { timeoutMs: 10_000 });
  expect(killed.session).toMatchObject({ state: 'exited', exit: { signal: 'SIGKILL' } });
  await Promise.all(family.map((pid) => untilEnded(pid)));
});

test('kill ends those that ignore the hang-up, though their leader dies of it', async () => {
  await using daemon = await startDaemon();
  const { session, family } = await openFamily(daemon, behindShell());
  const killed = await (await daemon.client()).request('kill', { session }, { timeoutMs: 10_000 });
  expect(killed.session.exit).toEqual({ signal: 'SIGHUP' });
  await Promise.all(family.map((pid) => untilEnded(pid)));
});

test('stop leaves no process of any session, though their leaders die at once', async () => {
  await using daemon = await startDaemon();
  const { family } = await openFamily(daemon, behindShell());
  await daemon.stop();
  // It has ended: nobody is left to end them later.
  expect(family.filter(isAlive)).toEqual([]);
});

test('a stop by the command line leaves no process, either', async () => {
  await using daemon = await startDaemon();
  const { family } = await openFamily(daemon, behindShell());
  expect(await daemon.cli(['stop', '--yes'])).toMatchObject({ code: 0 });
  expect(family.filter(isAlive)).toEqual([]);
});

test('a program that is stopped is killed, too', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('ignore-hangup.py');
  await (await daemon.record(session)).waitFor('ready');
  process.kill(session.pid, 'SIGSTOP');
  const killed = await (await daemon.client()).request(
    'kill',
    { session: session.id },
    { timeoutMs: 10_000 },
  );
  expect(killed.session.exit).toEqual({ signal: 'SIGKILL' });
});

test('a program that ends by the hang-up is given the time to', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand([
    '/bin/sh',
    '-c',
    'trap "echo goodbye; exit 4" HUP; echo ready; sleep 100 & wait',
  ]);
  const recording = await daemon.record(session);
  await recording.waitFor('ready');
  await (await daemon.client()).request('kill', { session: session.id }, { timeoutMs: 10_000 });
  expect((await recording.exited()).exit).toEqual({ code: 4 });
  expect(recording.text).toContain('goodbye');
});

test('killing one session touches no other, and not whoever asks', async () => {
  await using daemon = await startDaemon();
  const other = await daemon.open('ignore-hangup.py');
  await (await daemon.record(other)).waitFor('ready');
  const { bin } = daemon.home.installation;
  const victim = await daemon.open('ignore-hangup.py');
  // Typed in another session, whose shell is an ancestor of the one who asks.
  const asking = await daemon.openCommand([
    '/bin/sh',
    '-c',
    `${bin} kill ${victim.id}; echo "asked: $?"; exec cat`,
  ]);
  const recording = await daemon.record(asking);
  await recording.waitFor('asked: 0');
  expect((await daemon.get(victim)).state).toBe('exited');
  expect((await daemon.get(other)).state).toBe('running');
  expect((await daemon.get(asking)).state).toBe('running');
});

test('kill --signal reaches what runs in the foreground, and only that', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('report-signals.py');
  const recording = await daemon.record(session);
  await recording.waitFor('ready');
  for (const signal of ['USR1', 'SIGINT', '12', 'TERM']) {
    expect(await daemon.cli(['kill', session.id, '--signal', signal])).toMatchObject({ code: 0 });
  }
  expect((await recording.exited()).exit).toEqual({ code: 9 });
  expect(recording.text).toBe('readygot SIGUSR1;got SIGINT;got SIGUSR2;got SIGTERM;');
});

/** A shell that dies of a hang-up, in front of a family that does not. */
function behindShell(): string[] {
  const family = program('fork-tree.py')
    .map((word) => `'${word}'`)
    .join(' ');
  return ['/bin/sh', '-c', `${family} & wait`];
}

async function openFamily(
  daemon: TestDaemon,
  command: string[],
): Promise<{ session: string; family: number[] }> {
  const { id } = await daemon.openCommand(command);
  const recording = await daemon.record(id);
  const [, pids = ''] = await recording.waitFor(/pids ([\d ]+)end/);
  const family = pids.trim().split(' ').map(Number);
  expect(family).toHaveLength(5);
  await eventually('all of them run', () => family.every(isAlive));
  return { session: id, family };
}
