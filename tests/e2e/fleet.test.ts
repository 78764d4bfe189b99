import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { eventually, numberedLines, passTime, program, TestHome, within } from '@holdfast/testkit';
import { connect } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { NetworkCable } from './support/network-cable.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const FLOOD_LINES = 6_250_000;
const FLOOD_BYTES = FLOOD_LINES * 16;
const MEGABYTE = 1_000_000;
const CUT_MS = 2_000;
const GONE_WITHIN_MS = 10_000;

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

/** A home whose commands mean that fleet. */
function user(nats: TestNats): TestHome {
  return new TestHome({ env: nats.env });
}

function host(name: string, url: string): Promise<TestHost> {
  return TestHost.start({ args: ['--fleet', url, '--fleet-name', name] });
}

test('what works with a daemon here works with one on another host', async () => {
  await using nats = await TestNats.start();
  await using alpha = await host('alpha', nats.url);
  await using here = user(nats);
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await here.cli(['--host', 'alpha', ...args]);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
    return String(stdout);
  };

  const session = JSON.parse(await run('new', '--json', '--name', 'one', '--', 'sh', '-c', 'pwd; cat'));
  expect(session.cwd).toBe(alpha.home.env['HOME']);
  expect((await alpha.home.cli(['ls', '--json'])).stdout.toString()).toContain(session.id);
  await run('send', 'one', 'hello', '--enter');
  await run('wait', 'one', '--output', 'hello\\r\\nhello');
  expect(await run('capture', 'one')).toContain('hello\nhello\n');
  expect(await run('tail', 'one')).toBe(`${session.cwd}\r\nhello\r\nhello\r\n`);
  await run('resize', 'one', '100x30');
  await run('rename', 'one', 'two');
  expect(JSON.parse(await run('ls', '--json'))).toMatchObject([{ id: session.id, name: 'two', cols: 100 }]);
  await run('kill', 'two');
  expect(JSON.parse(await run('ls', '--json'))).toMatchObject([
    { state: 'exited', exit: { signal: 'SIGHUP' } },
  ]);
  await run('forget', 'two');
  expect(await run('run', '--', 'sh', '-c', 'echo $((6 * 7))')).toBe('42\r\n');
  const waited = JSON.parse(await run('run', '--wait', '--json', '--', 'true'));
  expect(waited).toMatchObject({ met: true, session: { exit: { code: 0 } } });
  const events = here.startCli(['events', '--host', 'alpha', '--json']);
  await events.stdout.waitFor(waited.session.id);
  events.kill('SIGINT');
  await events.result();
  expect(JSON.parse(await run('status', '--json')).daemon.pid).toBe(alpha.home.daemonPid);
  expect(here.daemonPid).toBeUndefined();

  const nowhere = await here.cli(['--host', 'beta', 'ls']);
  expect(nowhere).toMatchObject({
    code: 4,
    stderr: 'holdfast: can\'t list the sessions: no host "beta" is in the fleet\n',
  });
  expect((await here.cli(['--host', 'alpha', 'stop'])).code).toBe(2);
}, 60_000);

test('a session on another host is shown in a terminal, and typed into', async () => {
  await using nats = await TestNats.start();
  await using _alpha = await host('alpha', nats.url);
  await using here = user(nats);
  using terminal = here.terminal(['new', '--host', 'alpha', '--', 'sh', '-c', 'echo ready; cat']);
  await terminal.waitFor('ready');
  terminal.type('over there\r');
  await terminal.waitFor(/over there\r\nover there/);
  terminal.type('\x1dd');
  await terminal.waitFor('detached');
}, 60_000);

test('100 MB come exact while the only NATS server is killed, the host is cut off, and its daemon is upgraded', async () => {
  await using nats = await TestNats.start();
  await using cable = await NetworkCable.to(nats.port);
  await using alpha = await host('alpha', cable.url);
  await using here = user(nats);
  const gate = alpha.home.gate();
  const opened = await here.cli([
    'new',
    '--host',
    'alpha',
    '--json',
    '--',
    ...program('flood.py', FLOOD_LINES, gate.path),
  ]);
  const { id } = JSON.parse(String(opened.stdout));
  const tail = here.startCli(['tail', '--host', 'alpha', id, '--follow', '--lease', '60']);
  const beside = await alpha.home.connect();
  await eventually(
    'it is followed',
    async () => (await beside.request('get', { session: id })).session.clients > 0,
  );
  await gate.open();

  await tail.stdout.untilLength(15 * MEGABYTE);
  await nats.kill();
  await nats.start();
  await tail.stdout.untilLength(40 * MEGABYTE, 30_000);
  cable.cut();
  const atCut = tail.stdout.length;
  await passTime(CUT_MS);
  expect(tail.stdout.length - atCut).toBeLessThan(MEGABYTE);
  cable.heal();
  await tail.stdout.untilLength(70 * MEGABYTE, 30_000);
  const upgraded = await alpha.home.cli(['upgrade', '--json']);
  expect(JSON.parse(String(upgraded.stdout))).toMatchObject({ ok: true, clients: { dropped: 0 } });

  const { code, stdout, stderr } = await tail.result(60_000);
  expect({ code, stderr, length: stdout.length }).toEqual({ code: 0, stderr: '', length: FLOOD_BYTES });
  expect(sum(stdout)).toBe(sum(numberedLines(0, FLOOD_LINES)));
}, 180_000);

test('hosts are listed with their sessions; one that dies is gone within 10 s, one that leaves at once', async () => {
  await using nats = await TestNats.start();
  await using alpha = await host('alpha', nats.url);
  await using beta = await host('beta', nats.url);
  await using here = user(nats);
  const names = async () => {
    const { stdout } = await here.cli(['hosts', '--json']);
    return JSON.parse(String(stdout)).map(({ name }: { name: string }) => name);
  };
  const everywhere = async () => JSON.parse(String((await here.cli(['ls', '--all-hosts', '--json'])).stdout));
  expect(await names()).toEqual(['alpha', 'beta']);
  for (const each of ['alpha', 'beta'])
    await here.cli(['new', '-d', '--host', each, '--name', `on-${each}`, '--', 'cat']);
  await eventually('both are announced', async () => (await everywhere()).length === 2);
  expect(await everywhere()).toMatchObject([
    { host: 'alpha', name: 'on-alpha', state: 'running' },
    { host: 'beta', name: 'on-beta', state: 'running' },
  ]);

  alpha.process.kill('SIGKILL');
  await eventually('alpha is gone', async () => !(await names()).includes('alpha'), GONE_WITHIN_MS);
  expect(await everywhere()).toMatchObject([{ host: 'beta' }]);
  beta.process.kill('SIGTERM');
  await beta.process.result();
  expect(await names()).toEqual([]);
}, 60_000);

test('a name belongs to one host: a second one is told who has it, and may have it when that one has gone', async () => {
  await using nats = await TestNats.start();
  await using alpha = await host('alpha', nats.url);
  await using other = new TestHome();
  const second = ['serve', '--port', '0', '--json', '--fleet', nats.url, '--fleet-name', 'alpha'];
  const refused = await other.cli(second);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`(${alpha.home.folder}) is "alpha" in this fleet`);
  alpha.process.kill('SIGTERM');
  await alpha.process.result();
  const allowed = other.startCli(second);
  await within('the second one serves', allowed.stdout.waitFor('"fleetName":"alpha"'));
  allowed.kill('SIGTERM');
  await allowed.result();
}, 60_000);

test('after a partition only who has the name answers to it, and its list stays when the one that had it before goes', async () => {
  await using nats = await TestNats.start();
  await using cable = await NetworkCable.to(nats.port);
  await using former = await host('alpha', cable.url);
  await using here = user(nats);
  await here.cli(['new', '-d', '--host', 'alpha', '--name', 'former', '--', 'cat']);
  cable.cut();
  // Until its lease has run out.
  await eventually('nobody has the name', async () => {
    return String((await here.cli(['hosts', '--json'])).stdout) === '[]\n';
  });
  await using present = await host('alpha', nats.url);
  await here.cli(['new', '-d', '--host', 'alpha', '--name', 'present', '--', 'cat']);
  const announced = async () => {
    const { stdout } = await here.cli(['ls', '--all-hosts', '--json']);
    return JSON.parse(String(stdout)).map(({ name }: { name: string }) => name);
  };
  await eventually('it has told its sessions', async () => (await announced()).includes('present'));
  const nc = await connect({ servers: nats.url });
  const homes = new Set<string>();
  nc.subscribe('_INBOX.homes', {
    callback: (_, message) => void homes.add(message.json<{ ok: { home: string } }>().ok.home),
  });
  const isTold = within('it is told', former.process.stderr.waitFor('is "alpha" in the fleet now'));
  let isOver = false;
  void isTold.finally(() => {
    isOver = true;
  });
  cable.heal();
  await eventually('it is told, and asked meanwhile', () => {
    nc.publish('holdfast.alpha.operate.status', '{"holdfast":1}', { reply: '_INBOX.homes' });
    return isOver;
  });
  await isTold;
  await nc.request('holdfast.alpha.operate.status', '{"holdfast":1}', { timeout: 10_000 });
  await nc.close();
  expect([...homes]).toEqual([present.home.folder]);

  await former.end();
  expect(await announced()).toEqual(['present']);
}, 90_000);

test('what a command makes to reach a host is gone when a signal ends it, and with the next one if that was SIGKILL', async () => {
  await using nats = await TestNats.start();
  await using _alpha = await host('alpha', nats.url);
  await using here = user(nats);
  const folder = here.scratch('tmp');
  const env = { TMPDIR: folder };
  const left = () => readdirSync(folder).filter((name) => name.startsWith('holdfast-fleet-'));
  const opening = ['new', '-d', '--host', 'alpha', '--name', 'one', '--', 'sh', '-c', 'echo ready; cat'];
  expect(await here.cli(opening, { env })).toMatchObject({ code: 0, stderr: '' });
  expect(left()).toEqual([]);
  const tails = [];
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    const tail = here.startCli(['tail', 'one', '--host', 'alpha', '--follow'], { env });
    await within('it follows', tail.stdout.waitFor('ready'));
    tails.push({ tail, signal });
  }
  expect(left()).toHaveLength(3);
  for (const { tail, signal } of tails) {
    tail.kill(signal);
    expect(await tail.result()).toMatchObject({ code: null, signal });
  }
  expect(left()).toHaveLength(1);
  expect((await here.cli(['ls', '--host', 'alpha'], { env })).code).toBe(0);
  expect(left()).toEqual([]);
}, 60_000);

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
