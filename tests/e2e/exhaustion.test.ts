import { readFileSync, writeFileSync } from 'node:fs';
import {
  childrenOf,
  eventually,
  fdCount,
  Recording,
  settledFdCount,
  sha256,
  startDaemon,
  type TestDaemon,
  TestHome,
  SmallDisk,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';

const PTY_MAX = '/proc/sys/kernel/pty/max';
const isRoot = process.getuid?.() === 0;
const canMount = SmallDisk.isPossible();
const MEBIBYTE = 1024 * 1024;

test.skipIf(!isRoot)(
  'without a pseudo-terminal left, open says so, and works again when there is one (needs root)',
  async () => {
    await using daemon = await startDaemon();
    const session = await daemon.openCommand(['/bin/cat']);
    const fdsBefore = await settledFdCount(daemon.pid);
    const before = readFileSync(PTY_MAX, 'utf8');
    try {
      // For as short a time as possible: the whole machine is without.
      writeFileSync(PTY_MAX, '0');
      await expect(daemon.openCommand(['/bin/cat'])).rejects.toMatchObject({
        code: 'E_NO_PTY',
        message: expect.stringContaining('kernel.pty.max'),
      });
    } finally {
      writeFileSync(PTY_MAX, before);
    }
    await proveAlive(daemon, session.id);
    await daemon.openCommand(['/bin/cat']);
    expect(fdCount(daemon.pid)).toBeGreaterThan(fdsBefore);
    expect(childrenOf(daemon.pid)).toHaveLength(2);
  },
);

test('without a descriptor left, open says so, nothing is left behind, and all sessions live on', async () => {
  await using daemon = await startDaemon({ openFilesLimit: 100 });
  const client = await daemon.client();
  const sessions: string[] = [];
  const outcome = await openUntilRefused(daemon, sessions);
  expect(outcome).toMatchObject({ code: 'E_NO_DESCRIPTORS' });
  expect(sessions.length).toBeGreaterThan(10);
  for (let count = 0; count < 20; count += 1) {
    await expect(daemon.openCommand(['/bin/cat'])).rejects.toMatchObject({ code: 'E_NO_DESCRIPTORS' });
  }
  // No program that nobody knows of.
  expect(childrenOf(daemon.pid)).toHaveLength(sessions.length);
  expect((await client.request('list', {})).sessions).toHaveLength(sessions.length);
  for (const id of sessions) await proveAlive(daemon, id);
  // There is room for people who want to end some of them.
  const { code, stderr } = await daemon.cli(['kill', sessions[0] ?? '']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await client.request('forget', { session: sessions[0] ?? '' });
  await eventually('room for another session', () =>
    daemon.openCommand(['/bin/cat']).then(
      () => true,
      () => false,
    ),
  );
}, 60_000);

test('connections are taken up when descriptors are free again', async () => {
  await using daemon = await startDaemon({ openFilesLimit: 100 });
  const session = await daemon.openCommand(['/bin/cat']);
  const taken = [];
  for (let count = 0; count < 90; count += 1) {
    const connecting = daemon.connect();
    connecting.catch(() => undefined); // those that wait are told when the daemon ends
    taken.push(connecting);
  }
  await proveAlive(daemon, session.id);
  const settled = await Promise.race([Promise.all(taken.slice(0, 20)), taken[89]]);
  for (const client of Array.isArray(settled) ? settled : []) client.close();
  await eventually('a new connection', () =>
    daemon.connect().then(
      () => true,
      () => false,
    ),
  );
  await proveAlive(daemon, session.id);
}, 60_000);

test.skipIf(!canMount)(
  'with the disk full, a session lives on with its history in memory, and says so (needs to mount)',
  async () => {
    await using home = new TestHome();
    using _disk = new SmallDisk(home.paths.stateDir, 4 * MEBIBYTE);
    await using daemon = await startDaemon({ home });
    const [first, second, third, fourth] = await openSeveral(daemon, 4);
    expect(first?.warnings).toEqual([]);
    const full = [third, fourth].find((session) => session && session.warnings.length > 0) ?? second;
    expect(full).toMatchObject({ historyIn: 'memory', state: 'running' });
    expect(full?.warnings.join()).toMatch(/history is kept in memory/);
    await proveAlive(daemon, full?.id ?? '');
    const shown = await daemon.cli(['ls', '--json']);
    expect(shown.stdout.toString()).toContain('kept in memory');
    const opened = await daemon.cli(['new', '-d', '--name', 'fifth', '--', 'true']);
    expect(opened.stderr).toMatch(/^holdfast: fifth: its history is kept in memory only: .+\n$/);
    const ran = await daemon.cli(['run', '--name', 'sixth', '--', 'true']);
    expect(ran.stderr).toMatch(/^holdfast: sixth: its history is kept in memory only: .+\n$/);
    const flood = await daemon.open('flood.py', [100_000]);
    const recording = await daemon.record(flood);
    const { offset, exit } = await recording.exited();
    expect({ offset, exit, gaps: recording.gaps }).toEqual({
      offset: 1_600_000,
      exit: { code: 0 },
      gaps: [],
    });
  },
  30_000,
);

test.skipIf(!canMount)(
  'a disk that becomes full later costs a running session not a byte (needs to mount)',
  async () => {
    await using home = new TestHome();
    using disk = new SmallDisk(home.paths.stateDir, 4 * MEBIBYTE);
    await using daemon = await startDaemon({ home });
    const gate = home.gate();
    const flood = await daemon.open('flood.py', [200_000, gate.path]);
    const viewer = await Recording.begin(await daemon.connect(), flood.id, { from: 0 });
    disk.fill();
    await gate.open();
    const { offset, exit } = await viewer.exited();
    expect({ offset, exit, gaps: viewer.gaps }).toEqual({ offset: 3_200_000, exit: { code: 0 }, gaps: [] });
    expect(sha256(viewer.bytes)).toBe(sha256((await import('@holdfast/testkit')).numberedLines(0, 200_000)));
    // What could not be written is said, and nothing else is lost: it can be ended and forgotten.
    const client = await daemon.client();
    expect((await daemon.get(flood)).warnings.join()).toMatch(/could not be saved/);
    await client.request('forget', { session: flood.id });
  },
  30_000,
);

async function openSeveral(daemon: TestDaemon, count: number) {
  const sessions = [];
  for (let index = 0; index < count; index += 1) sessions.push(await daemon.openCommand(['/bin/cat']));
  return sessions;
}

async function openUntilRefused(daemon: TestDaemon, opened: string[]): Promise<unknown> {
  for (let count = 0; count < 200; count += 1) {
    try {
      opened.push((await daemon.openCommand(['/bin/cat'])).id);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

/** The session's program reads and writes. */
async function proveAlive(daemon: TestDaemon, session: string): Promise<void> {
  const client = await daemon.client();
  const recording = await Recording.begin(client, session, { from: 'now' });
  const input = await client.openInput(session);
  await input.write(Buffer.from('alive?\n'));
  await recording.waitFor('alive?\r\nalive?\r\n');
  await input.close();
  await recording.subscription.close();
}
