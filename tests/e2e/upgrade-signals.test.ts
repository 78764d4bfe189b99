import { eventually, processState, type TestDaemon, untilEnded } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { type Points, startWithPoints, stoppedSuccessor, successors, upgrade } from './support/upgrades.ts';

/** Who asks to stop while nobody serves is heard by whoever does next. */

/** Resolves when the daemon itself stands at a point of a hand-over. */
async function untilStopped({ pid }: TestDaemon): Promise<void> {
  await eventually('the daemon stands still', () => processState(pid) === 'T');
}

const FROZEN: readonly { how: string; points: Points }[] = [
  { how: 'before the snapshot is sent', points: { 'predecessor.snapshot': 'stop' } },
  { how: 'before the commit', points: { 'predecessor.commit': 'stop' } },
  { how: 'after the commit', points: { 'predecessor.committed': 'stop' } },
];

test.for(FROZEN)('a SIGTERM that comes $how stops the successor', { timeout: 60_000 }, async ({ points }) => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const session = await daemon.openCommand(['/bin/cat']);
  at(points);
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  await untilStopped(daemon);
  process.kill(daemon.pid, 'SIGTERM');
  process.kill(daemon.pid, 'SIGCONT');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  await untilEnded(session.pid);
  await eventually('the end of the successor', () => successors(daemon).length === 0);
  await expect(daemon.connect()).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
});

test('a SIGTERM that comes while an upgrade is failing stops the daemon all the same', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const session = await daemon.openCommand(['/bin/cat']);
  at({ 'predecessor.snapshot': 'stop', 'successor.adopted': 'kill' });
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  await untilStopped(daemon);
  process.kill(daemon.pid, 'SIGTERM');
  process.kill(daemon.pid, 'SIGCONT');
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_REFUSED' });
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  await untilEnded(session.pid);
}, 60_000);

test.for(['successor.committed', 'successor.serving'])(
  'a SIGTERM that reaches the successor at %s does not end it before it serves, and then stops it',
  { timeout: 60_000 },
  async (point) => {
    await using pointed = await startWithPoints();
    const { daemon, at } = pointed;
    const session = await daemon.openCommand([
      '/bin/sh',
      '-c',
      'trap "echo saved; exit 5" HUP; echo ready; cat',
    ]);
    const output = await daemon.record(session);
    await output.waitFor('ready');
    at({ [point]: 'stop' });
    const asked = upgrade(daemon);
    asked.catch(() => undefined);
    const successor = await stoppedSuccessor(daemon);
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) process.kill(successor, signal);
    process.kill(successor, 'SIGCONT');
    expect((await output.exited()).exit).toEqual({ code: 5 });
    expect(output.text).toContain('saved');
    await untilEnded(successor);
  },
);

test.for([
  { how: 'goes well', points: {} },
  { how: 'fails', points: { 'successor.adopted': 'kill' } },
] as const)(
  '`stop` that is asked for while everything stands still is carried out when the upgrade $how',
  { timeout: 60_000 },
  async ({ points }) => {
    await using pointed = await startWithPoints();
    const { daemon, at } = pointed;
    const session = await daemon.openCommand(['/bin/cat']);
    const client = await daemon.connect();
    at({ 'predecessor.snapshot': 'stop', ...points });
    const asked = upgrade(daemon);
    asked.catch(() => undefined);
    await untilStopped(daemon);
    const stopping = client.request('stop', {}, { timeoutMs: null });
    process.kill(daemon.pid, 'SIGCONT');
    expect(await stopping).toEqual({ ended: 1 });
    await untilEnded(session.pid);
    await eventually('the end of everything', () => successors(daemon).length === 0);
    await daemon.ended;
  },
);
