import { eventually, Recording, startDaemon, type TestDaemon } from '@holdfast/testkit';
import { expect, test } from 'vitest';

test('the session has the size of its leader: the first viewer, until another types', async () => {
  await using daemon = await startDaemon();
  const { session, program } = await openWinch(daemon);
  const first = await view(daemon, session, { cols: 100, rows: 30 });
  await program.waitFor('size 100x30;');
  const second = await view(daemon, session, { cols: 60, rows: 20 });
  expect([first.subscription.leading, second.subscription.leading]).toEqual([true, false]);

  second.subscription.setViewport({ cols: 61, rows: 21 });
  await second.type('x');
  await program.waitFor('size 61x21;');
  await eventually('who leads is told', () => second.subscription.leading && !first.subscription.leading);
  expect(program.text).not.toContain('60x20');

  first.subscription.setViewport({ cols: 101, rows: 31 });
  await first.type('x');
  await program.waitFor('size 101x31;');
  first.subscription.setViewport({ cols: 102, rows: 32 });
  await program.waitFor('size 102x32;');

  // When the leader leaves, the one attached the longest leads.
  const third = await view(daemon, session, { cols: 70, rows: 22 });
  await first.subscription.close();
  await program.waitFor(/size 61x21;[^]*size 61x21;/);
  expect(third.leading).toEqual([]);
  expect(await daemon.get(session)).toMatchObject({ cols: 61, rows: 21 });
});

test('a viewer whose connection is lost leads no longer', async () => {
  await using daemon = await startDaemon();
  const { session, program } = await openWinch(daemon);
  const client = await daemon.connect();
  await Recording.begin(client, session, { mode: 'viewer', viewport: { cols: 90, rows: 20 } });
  const second = await view(daemon, session, { cols: 91, rows: 21 });
  await program.waitFor('size 90x20;');
  client.close();
  await program.waitFor('size 91x21;');
  await eventually('the second leads', () => second.subscription.leading);
});

test('a read-only viewer never leads, not even when it is alone', async () => {
  await using daemon = await startDaemon();
  const { session, program } = await openWinch(daemon);
  const watching = await view(daemon, session, { cols: 55, rows: 15 }, { readOnly: true });
  expect(watching.subscription.leading).toBe(false);
  const typing = await view(daemon, session, { cols: 56, rows: 16 });
  await program.waitFor('size 56x16;');
  await typing.subscription.close();
  await eventually('one viewer less', async () => (await daemon.get(session)).clients === 2);
  expect(watching.leading).toEqual([]);
  expect(program.text).not.toContain('55x15');
});

test('every viewer is told of a new size in its place in the output', async () => {
  await using daemon = await startDaemon();
  const { session, program } = await openWinch(daemon);
  const watching = await view(daemon, session, undefined, { readOnly: true });
  await daemon.cli(['resize', session, '132x50']);
  await program.waitFor('size 132x50;');
  await eventually('the viewer is told', () => watching.sizes.length === 1);
  const [resized] = watching.sizes;
  expect(resized).toMatchObject({ cols: 132, rows: 50 });
  expect(watching.text.slice(resized?.offset ?? 0)).toBe('size 132x50;');
  expect((await daemon.cli(['resize', session, '132x50'])).code).toBe(0);
  expect(watching.sizes).toHaveLength(1);
});

test('several viewers see the same, and what any of them types arrives', async () => {
  await using daemon = await startDaemon();
  const { id } = await daemon.openCommand(['/bin/cat']);
  const viewers = await Promise.all([1, 2, 3].map(() => view(daemon, id, { cols: 80, rows: 24 })));
  for (const [index, viewer] of viewers.entries()) {
    await viewer.type(`from ${index}\n`);
    for (const other of viewers) await other.waitFor(`from ${index}\r\nfrom ${index}\r\n`);
  }
  expect(new Set(viewers.map(({ text }) => text)).size).toBe(1);
  expect((await daemon.get(id)).clients).toBe(3);
});

test('a new viewer is shown the newest output only, as far as it asks', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.open('flood.py', [10_000]);
  await (await daemon.record(session)).exited();
  const viewer = await daemon.record(session, { mode: 'viewer', newestBytes: 32 });
  await viewer.exited();
  expect(viewer.text).toBe('000000000009998\n000000000009999\n');
});

test('a terminal that is shut, as by closing its window, leaves its session running at the size it had', async () => {
  await using daemon = await startDaemon();
  const { session } = await openWinch(daemon);
  const terminal = daemon.home.terminal(['attach', session], { size: { cols: 77, rows: 22 } });
  await terminal.waitFor('size 77x22;');
  terminal.hangUp();
  await terminal.ended();
  await eventually('nobody is attached', async () => (await daemon.get(session)).clients === 1);
  expect(await daemon.get(session)).toMatchObject({ state: 'running', cols: 77, rows: 22 });
});

async function openWinch(daemon: TestDaemon): Promise<{ session: string; program: Recording }> {
  const { id } = await daemon.open('report-winch.py');
  const program = await daemon.record(id);
  await program.waitFor('size 80x24;');
  return { session: id, program };
}

/** A viewer on a connection of its own, which can type. */
async function view(
  daemon: TestDaemon,
  session: string,
  viewport: { cols: number; rows: number } | undefined,
  options: { readOnly?: boolean } = {},
): Promise<Recording & { type(text: string): Promise<void> }> {
  const client = await daemon.connect();
  const recording = await Recording.begin(client, session, {
    mode: 'viewer',
    ...(viewport ? { viewport } : {}),
    ...options,
  });
  return Object.assign(recording, {
    async type(text: string): Promise<void> {
      const input = await client.openInput(session);
      await input.write(Buffer.from(text));
      await input.close();
    },
  });
}
