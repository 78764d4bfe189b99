import { readdirSync } from 'node:fs';
import path from 'node:path';
import {
  childrenOf,
  eventually,
  type Recording,
  settledFdCount,
  startDaemon,
  type TestDaemon,
  zombiesOf,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { churn } from './support/churn.ts';

test('200 sessions at once: each has its own terminal, echoes its own input, and leaves nothing behind', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const fdsBefore = await settledFdCount(daemon.pid);
  const sessions = await Promise.all(Array.from({ length: 200 }, () => daemon.openCommand(['/bin/cat'])));
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(200);
  expect(new Set(sessions.map(({ name }) => name)).size).toBe(200);
  expect(childrenOf(daemon.pid)).toHaveLength(200);
  const recordings: Recording[] = await Promise.all(sessions.map((session) => daemon.record(session)));
  await Promise.all(
    sessions.map(async ({ id }, index) => {
      const input = await client.openInput(id);
      await input.write(Buffer.from(`this is ${index}.\n`));
    }),
  );
  await Promise.all(
    recordings.map((recording, index) => recording.waitFor(`this is ${index}.\r\nthis is ${index}.\r\n`)),
  );
  const { sessions: listed } = await client.request('list', {});
  expect(listed.filter(({ foreground, state }) => foreground === 'cat' && state === 'running')).toHaveLength(
    200,
  );
  await endAll(daemon);
  expect(await settledFdCount(daemon.pid)).toBe(fdsBefore);
  await eventually('no child is left', () => childrenOf(daemon.pid).length === 0);
  expect(leftFiles(daemon)).toEqual([]);
}, 60_000);

test("no shell holds another session's terminal, nor anything else of the daemon", async () => {
  await using daemon = await startDaemon();
  await daemon.record(await daemon.openCommand(['/bin/cat']));
  const sessions = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const session = await daemon.open('print-environment.py');
      return daemon.record(session);
    }),
  );
  for (const recording of sessions) {
    await recording.exited();
    const { fds } = JSON.parse(/=====(.*)=====/s.exec(recording.text)?.[1] ?? '{}');
    expect(fds.map(([fd, file]: [number, string]) => [fd, file.replace(/\d+$/, 'N')])).toEqual([
      [0, '/dev/pts/N'],
      [1, '/dev/pts/N'],
      [2, '/dev/pts/N'],
    ]);
  }
});

test.each(['disk', 'memory'] as const)(
  'open, exit, forget 300 times with its history in %s: descriptors, processes and files are as before',
  async (historyIn) => {
    await using daemon = await startDaemon();
    await churn(daemon, { times: 300, warmUp: 20, growthBytes: 48 * 1024 * 1024, historyIn });
  },
  120_000,
);

test('each program has its soft limit of open files before it can ask for it', async () => {
  await using daemon = await startDaemon();
  const limits = await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      // The smallest program that can be asked.
      const command = ['/bin/sh', '-c', 'ulimit -Sn'];
      const recording = await daemon.record(
        await daemon.openCommand(command, { openFilesLimit: 2_000 + index }),
      );
      await recording.exited(60_000);
      return Number(recording.text);
    }),
  );
  expect(limits).toEqual(limits.map((_, index) => 2_000 + index));
}, 90_000);

test("a program's low limit of open files is never the daemon's, not even while the program is started", async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const sessions = await Promise.all(
    Array.from({ length: 100 }, () => daemon.openCommand(['/bin/cat'], { openFilesLimit: 16 })),
  );
  const { sessions: listed } = await client.request('list', {});
  expect(listed.flatMap(({ warnings }) => warnings)).toEqual([]);
  expect(listed).toHaveLength(sessions.length);
}, 30_000);

test('an open that fails leaves nothing behind', async () => {
  await using daemon = await startDaemon();
  await daemon.client();
  const fdsBefore = await settledFdCount(daemon.pid);
  for (let count = 0; count < 100; count += 1) {
    await expect(daemon.openCommand(['/no/such/program'])).rejects.toMatchObject({
      code: 'E_COMMAND_NOT_FOUND',
    });
    await expect(daemon.openCommand(['/bin/cat', 'x'.repeat(200_000)])).rejects.toMatchObject({
      code: 'E_SPAWN',
    });
  }
  expect(await settledFdCount(daemon.pid)).toBe(fdsBefore);
  await eventually('no child is left', () => childrenOf(daemon.pid).length === 0);
  expect(leftFiles(daemon)).toEqual([]);
}, 30_000);

async function endAll(daemon: TestDaemon): Promise<void> {
  const client = await daemon.client();
  const { sessions } = await client.request('list', {});
  await Promise.all(sessions.map(({ id }) => client.request('kill', { session: id }, { timeoutMs: null })));
  for (const { id } of sessions) await client.request('forget', { session: id });
  await eventually('nothing of them is left', () => zombiesOf(daemon.pid).length === 0);
}

function leftFiles(daemon: TestDaemon): string[] {
  return ['sessions', 'memory', 'agents'].flatMap((name) => {
    try {
      return readdirSync(path.join(daemon.home.paths.stateDir, name));
    } catch {
      return []; // ENOENT: never made
    }
  });
}
