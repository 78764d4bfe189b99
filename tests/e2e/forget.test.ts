import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, RawClient, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { sameBuild } from './support/upgrades.ts';

const WRITTEN = 900_000;

test('a session is forgotten under clients that still read it: they are told what they miss, and of its end', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const { id: session } = await daemon.open('write-and-exit.py', [WRITTEN, 7]);
  const { id: other } = await daemon.open('write-and-exit.py', [WRITTEN, 0]);
  for (const one of [session, other]) await client.request('wait', { session: one }, { timeoutMs: null });
  const told: string[] = [];
  await client.watch({
    onForgotten: (id) => told.push(`forgotten ${id}`),
    onSession: ({ id }) => told.push(id),
  });

  using slow = await RawClient.connect(daemon.home.paths.socketPath);
  await slow.hello();
  slow.stopReading();
  const exact = { type: 'subscribe', from: 'start', mode: 'exact' };
  slow.control({ ...exact, id: 2, session, channel: 2 });
  slow.control({ ...exact, id: 3, session, channel: 3, mode: 'viewer' });
  slow.control({ ...exact, id: 1, session: other, channel: 1 });
  await eventually('it has subscribed to the last', async () => (await daemon.get(other)).clients === 1);
  await client.request('forget', { session });
  // Its memory goes to others.
  await daemon.open('write-and-exit.py', [WRITTEN, 0]);
  slow.socket.resume();

  const ended = { event: 'exited', offset: WRITTEN, exit: { code: 7 } };
  expect(await slow.message(({ event, channel }) => event === 'exited' && channel === 2)).toMatchObject(
    ended,
  );
  expect(await slow.message(({ event, channel }) => event === 'exited' && channel === 3)).toMatchObject(
    ended,
  );
  expect(await slow.message(({ event, channel }) => event === 'exited' && channel === 1)).toMatchObject({
    offset: WRITTEN,
    exit: { code: 0 },
  });
  expect(slow.messages.find(({ event }) => event === 'gap')).toMatchObject({ channel: 2, to: WRITTEN });
  expect(slow.messages.find(({ event }) => event === 'resync')).toMatchObject({
    channel: 3,
    offset: WRITTEN,
  });
  expect(slow.isClosed).toBe(false);
  expect(told.slice(told.indexOf(`forgotten ${session}`) + 1)).not.toContain(session);
  expect(daemon.process.signalCode).toBeNull();
}, 30_000);

test('an ended session is kept for its time, though the clock is set forward by more than that', async () => {
  await using daemon = await startDaemon({ keeper: true });
  const client = await daemon.client();
  const { id: session } = await daemon.openCommand(['/bin/sh', '-c', 'echo kept']);
  await client.request('wait', { session }, { timeoutMs: null });
  const later = path.join(daemon.home.scratch('clock'), 'later.cjs');
  writeFileSync(later, 'const now = Date.now; Date.now = () => now() + 25 * 60 * 60 * 1000;');
  // The successor sees another time of day, and so does the daemon that comes after its crash.
  await client.request('upgrade', { ...sameBuild(daemon), execArgv: ['--require', later] });
  expect(await daemon.get(session)).toMatchObject({ state: 'exited', offset: 'kept\r\n'.length });
  await daemon.killServing();
  expect(await daemon.get(session)).toMatchObject({ state: 'exited', offset: 'kept\r\n'.length });
});
