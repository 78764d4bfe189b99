import {
  eventually,
  firstDifference,
  isAlive,
  sha256,
  startDaemon,
  untilEnded,
  settledFdCount,
} from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { ConnectLoop } from './support/connect-loop.ts';
import { mastersOf, recordFlood, upgrade } from './support/upgrades.ts';

const UPGRADES = 20;
const MEBIBYTE = 1024 * 1024;

test(`${UPGRADES} upgrades in a row lose, repeat and disconnect nothing, while programs write, read and exit`, async () => {
  await using daemon = await startDaemon();
  const { flood, output } = await recordFlood(daemon);
  const echo = await daemon.open('raw-echo.py', [MEBIBYTE]);
  const echoed = await daemon.record(echo);
  const client = await daemon.client();
  const states: string[] = [];
  client.onStateChange = (state) => states.push(state);

  const typed = Buffer.from(
    Array.from({ length: MEBIBYTE }, (_, index) => (index * 7_919 + (index >> 8)) & 255),
  );
  await echoed.waitFor('ready');
  const before = echoed.bytes.length;
  const input = await client.openInput(echo.id);
  let pid = daemon.pid;
  for (let round = 0; round < UPGRADES; round += 1) {
    const slice = typed.subarray((round * MEBIBYTE) / UPGRADES, ((round + 1) * MEBIBYTE) / UPGRADES);
    const typing = input.write(slice);
    const code = round % 256;
    const exiting = await daemon.openCommand(['/bin/sh', '-c', `sleep 0.0${round % 10}; exit ${code}`]);
    const exit = client.request('wait', { session: exiting.id }, { timeoutMs: null });
    const upgraded = await upgrade(daemon);
    expect(upgraded.from.pid).toBe(pid);
    expect(upgraded.to.pid).not.toBe(pid);
    expect(upgraded.clients.dropped).toBe(0);
    expect(isAlive(pid)).toBe(false);
    pid = upgraded.to.pid;
    expect((await exit).session.exit).toEqual({ code });
    await typing;
  }

  await echoed.exited();
  expect(sha256(echoed.bytes.subarray(before, before + MEBIBYTE))).toBe(sha256(typed));
  const until = output.bytes.length + 4 * MEBIBYTE;
  await output.output.untilLength(until);
  expect(firstDifference(output.bytes, 0)).toBe(-1);
  expect(output.gaps).toEqual([]);
  expect(states).toEqual([]);
  const status = await client.request('status', {});
  expect(status.daemon.pid).toBe(pid);
  expect(status.daemon.generation).toBe(UPGRADES + 1);
  expect((await daemon.get(flood)).pid).toBe(flood.pid);
  expect(mastersOf(pid)).toBe(status.sessions.running);
  const first = await settledFdCount(pid);
  const last = (await upgrade(daemon)).to.pid;
  expect(await settledFdCount(last)).toBeLessThanOrEqual(first);
}, 180_000);

test('a new client each millisecond finds the daemon through upgrades, and none is hung up on', async () => {
  await using daemon = await startDaemon();
  const loop = new ConnectLoop(daemon);
  for (let round = 0; round < 5; round += 1) await upgrade(daemon);
  await loop.stop();
  expect(loop.failures).toEqual([]);
  expect(loop.greeted).toBeGreaterThan(200);
}, 60_000);

test('an adopted session is resized, signalled, typed into and killed as any other', async () => {
  await using daemon = await startDaemon();
  const session = await daemon.openCommand(['/bin/bash', '--norc', '-i'], { env: { PS1: '> ' } });
  const output = await daemon.record(session);
  const client = await daemon.client();
  await output.waitFor('> ');
  await upgrade(daemon);
  await client.request('resize', { session: session.id, cols: 101, rows: 33 });
  const input = await client.openInput(session.id);
  await input.write(Buffer.from('stty size; echo $$\r'));
  await output.waitFor(/33 101\r\n/);
  await output.waitFor(new RegExp(`${session.pid}\r\n`));
  await input.write(Buffer.from('sleep 1000\r'));
  await eventually(
    'sleep is in the foreground',
    async () => (await daemon.get(session)).foreground === 'sleep',
  );
  await client.request('signal', { session: session.id, signal: 'INT' });
  await eventually('bash is again', async () => (await daemon.get(session)).foreground === 'bash');
  await upgrade(daemon);
  const { session: killed } = await client.request('kill', { session: session.id }, { timeoutMs: null });
  expect(killed.exit).toEqual({ signal: 'SIGHUP' });
  await untilEnded(session.pid);
}, 60_000);

test('two who ask for the same upgrade get one, and both are answered', async () => {
  await using daemon = await startDaemon();
  const one = await daemon.connect();
  const other = await daemon.connect();
  const target = { node: process.execPath, execArgv: [], entry: daemon.home.installation.daemonEntry };
  const [first, second] = await Promise.all([
    one.request('upgrade', target, { timeoutMs: 30_000 }),
    other.request('upgrade', target, { timeoutMs: 30_000 }),
  ]);
  expect(second).toEqual(first);
  expect(first.from.pid).toBe(daemon.pid);
}, 60_000);

const WRONG_BUILD = { version: '9.9.9', build: 'ffffffffffff' };
test('another build than the one asked for is not handed anything', async () => {
  await using daemon = await startDaemon();
  const client = await daemon.client();
  const target = { node: process.execPath, execArgv: [], entry: daemon.home.installation.daemonEntry };
  await expect(client.request('upgrade', { ...target, expect: WRONG_BUILD })).rejects.toMatchObject({
    code: 'E_UPGRADE_UNEXPECTED',
  });
  await expect(client.request('upgrade', { ...target, entry: '/nonexistent.js' })).rejects.toMatchObject({
    code: 'E_UPGRADE_START',
    message: expect.stringContaining('/nonexistent.js'),
  });
  await expect(client.request('upgrade', { ...target, node: '/bin/false' })).rejects.toMatchObject({
    code: 'E_UPGRADE_START',
    message: expect.stringContaining('code 1'),
  });
  expect((await client.request('status', {})).daemon.pid).toBe(daemon.pid);
});

test('holdfast upgrade says in one line what was done, or that nothing has changed', async () => {
  await using daemon = await startDaemon();
  await daemon.openCommand(['/bin/sleep', '1000']);
  const done = await daemon.cli(['upgrade']);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  expect(done.stdout.toString()).toMatch(/^Upgraded .*: 1 session kept, pause \d+ ms\n$/);
  const json = await daemon.cli(['upgrade', '--json']);
  expect(JSON.parse(json.stdout.toString())).toMatchObject({
    ok: true,
    sessions: 1,
    clients: { dropped: 0 },
  });
  const failed = await daemon.cli(['upgrade', '--entry', '/nonexistent.js', '--json']);
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout.toString())).toMatchObject({
    ok: false,
    code: 'E_UPGRADE_START',
    sessions: 1,
  });
  expect(failed.stderr).toContain('nothing has changed');
}, 60_000);
