import { LIMITS, type Session } from '@holdfast/protocol';
import { eventually, RawClient, Recording, startDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

test('a session has so many exact subscribers; those that went away make room', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  const leaving = await daemon.connect();
  const client = await daemon.client();
  const leaseMs = LIMITS.leaseMsMax;
  for (let count = 0; count < LIMITS.leasesPerSession; count += 1) {
    await Recording.begin(count === 0 ? leaving : client, id, { leaseMs });
  }
  await expect(Recording.begin(client, id)).rejects.toMatchObject({ code: 'E_LIMIT' });
  leaving.close();
  await eventually('room for one more', () =>
    Recording.begin(client, id).then(
      () => true,
      () => false,
    ),
  );
});

test('a session takes input of so many clients at once, and of any number one after the other', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  const recording = await daemon.record(id);
  const client = await daemon.client();
  for (let count = 0; count < 3 * LIMITS.inputStreamsPerSession; count += 1) {
    const input = await client.openInput(id);
    await input.write(Buffer.from(`${count}\n`));
    await input.close();
  }
  const last = 3 * LIMITS.inputStreamsPerSession - 1;
  // Echoed, and then printed, with others between if cat was not waited for.
  await recording.waitFor(new RegExp(`\\r\\n${last}\\r\\n(.*\\r\\n)?${last}\\r\\n`, 's'));
  const inputs = await Promise.all(
    Array.from({ length: LIMITS.inputStreamsPerSession }, () => client.openInput(id)),
  );
  await expect(client.openInput(id)).rejects.toMatchObject({ code: 'E_LIMIT' });
  await inputs[0]?.close();
  await client.openInput(id);
}, 30_000);

test('a connection has so many channels', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  using client = await RawClient.connect(daemon.home.paths.socketPath);
  await client.hello();
  const subscribe = { type: 'subscribe', session: id, from: 'now', mode: 'viewer' };
  for (let channel = 0; channel < LIMITS.channelsPerClient; channel += 1) {
    client.control({ ...subscribe, id: channel, channel });
  }
  const answer = await client.request({ ...subscribe, id: 9_999, channel: 99_999 });
  expect(answer).toMatchObject({ error: { code: 'E_LIMIT' } });
  expect(await client.request({ id: 10_000, type: 'unsubscribe', channel: 5 })).toMatchObject({ ok: {} });
  expect(await client.request({ ...subscribe, id: 10_001, channel: 5 })).toMatchObject({ ok: {} });
}, 30_000);

test('whoever watches is told of every session that is new, changed, or forgotten', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.connect();
  const before = await daemon.openCommand(['/bin/cat']);
  const seen = new Map<string, Session | 'forgotten'>();
  const history: string[] = [];
  await client.watch({
    onSessions: (sessions) => {
      for (const session of sessions) seen.set(session.id, session);
    },
    onSession: (session) => {
      seen.set(session.id, session);
      history.push(`${session.name} ${session.state}`);
    },
    onForgotten: (id) => {
      seen.set(id, 'forgotten');
    },
  });
  expect([...seen.keys()]).toEqual([before.id]);
  const { id } = await daemon.openCommand(['/bin/sh', '-c', 'read x; exit 3'], { name: 'new' });
  await eventually('the new one', () => seen.has(id));
  await daemon.cli(['rename', id, 'renamed']);
  await eventually('its name', () => history.includes('renamed running'));
  await daemon.cli(['send', id, '--enter']);
  await eventually('its end', () => history.includes('renamed exited'));
  expect(seen.get(id)).toMatchObject({ exit: { code: 3 } });
  await daemon.cli(['forget', id]);
  await eventually('that it is forgotten', () => seen.get(id) === 'forgotten');
});

test('input that is not done when the program ends is reported as not typed', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('read-nothing.py');
  await (await daemon.record(session)).waitFor('ready');
  const client = await daemon.client();
  const input = await client.openInput(session.id);
  const written = input.write(Buffer.alloc(1024 * 1024));
  const [, outcome] = await Promise.all([
    client.request('kill', { session: session.id }, { timeoutMs: null }),
    written.catch((error: unknown) => error),
  ]);
  expect(outcome).toMatchObject({ code: 'E_EXITED' });
  await expect(client.openInput(session.id)).rejects.toMatchObject({ code: 'E_EXITED' });
});

test('who lost the connection before the program ended is told what it had typed', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/sh', '-c', 'read line; exit 7']);
  const stream = 'stream-one';
  const input = await (await daemon.connect()).openInput(session.id, { stream });
  void input.write(Buffer.from('typed\nand more')).catch(() => undefined);
  await (await daemon.record(session)).exited();
  const again = await (await daemon.connect()).openInput(session.id, { stream });
  expect(again.endOffset).toBe('typed\nand more'.length);
  await expect(again.write(Buffer.from('x'))).rejects.toMatchObject({ code: 'E_EXITED' });
});

test('an open with a large history delays no other session', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  const recording = await daemon.record(id);
  const input = await (await daemon.client()).openInput(id);
  const echoMs = async () => {
    const { length } = recording.output;
    const started = performance.now();
    await Promise.all([input.write(Buffer.from('x\n')), recording.output.untilLength(length + 6)]);
    return performance.now() - started;
  };
  const before: number[] = [];
  for (let count = 0; count < 50; count += 1) before.push(await echoMs());
  const opener = await daemon.connect();
  const opening = opener.request('open', {
    command: ['/bin/true'],
    cwd: '/',
    env: {},
    cols: 80,
    rows: 24,
    historyBytes: 256 * 1024 * 1024,
  });
  const times: number[] = [];
  const progress = { isOpen: false };
  const opened = opening.then(() => {
    progress.isOpen = true;
  });
  do times.push(await echoMs());
  while (!progress.isOpen);
  await opened;
  // Beyond what the machine itself may add.
  expect(Math.max(...times)).toBeLessThan(Math.max(...before) + 100);
}, 30_000);
