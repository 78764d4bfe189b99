import { createHash } from 'node:crypto';
import { Fleet } from '@holdfast/fleet';
import { eventually, numberedLines, program, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Scope } from './support/scope.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const HOSTS = 5;
const SESSIONS = 200;
const LIST_MS = 300;
const FLOOD_LINES = 6_250_000;
const FLOOD_BYTES = FLOOD_LINES * 16;
const MEGABYTE = 1_000_000;

test('200 sessions of 5 hosts at 3 servers are listed in 300 ms; 100 MB come exact while each server is killed and all hosts are upgraded', async (context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
  await using scope = new Scope();
  const servers = await TestNats.cluster(3);
  for (const server of servers) scope.use(server);
  const url = servers.map((server) => server.url).join(',');
  const here = scope.use(new TestHome({ env: { HOLDFAST_FLEET: url } }));
  const hosts: TestHost[] = [];
  for (let count = 0; count < HOSTS; count += 1)
    hosts.push(scope.use(await TestHost.start({ args: ['--fleet', url, '--fleet-name', `host${count}`] })));
  for (const { home } of hosts) {
    const client = await home.connect();
    const request = { command: ['cat'], cwd: '/', env: {}, cols: 80, rows: 24 };
    for (let count = 0; count < SESSIONS / HOSTS; count += 1) await client.request('open', request);
    client.close();
  }
  const fleet = scope.use(await Fleet.connect({ servers: url }));
  const sessionsOf = async () => (await fleet.hosts()).flatMap(({ sessions }) => sessions);
  await eventually('all are announced', async () => (await sessionsOf()).length === SESSIONS);
  const tookMs: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    const began = performance.now();
    await sessionsOf();
    tookMs.push(performance.now() - began);
  }
  console.log(`${SESSIONS} sessions of ${HOSTS} hosts: ${tookMs.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  const [, , medianMs] = tookMs.toSorted((one, other) => one - other);
  expect(medianMs).toBeLessThan(LIST_MS);

  const [first] = hosts;
  if (!first) throw new Error('there is no host');
  const gate = first.home.gate();
  const flood = program('flood.py', FLOOD_LINES, gate.path);
  const opened = await here.cli(['new', '--host', 'host0', '--json', '--', ...flood]);
  const { id } = JSON.parse(String(opened.stdout));
  const tail = here.startCli(['tail', '--host', 'host0', id, '--follow', '--lease', '60']);
  const beside = await first.home.connect({ reconnect: true });
  await eventually('it is followed', async () => {
    return (await beside.request('get', { session: id })).session.clients > 0;
  });
  await gate.open();
  for (const [index, server] of servers.entries()) {
    await tail.stdout.untilLength((10 + 25 * index) * MEGABYTE, 60_000);
    await server.kill();
    await tail.stdout.untilLength((20 + 25 * index) * MEGABYTE, 60_000);
    await server.start();
  }
  const upgraded = await eventually(
    'all hosts are upgraded',
    async () => {
      const { code, stdout } = await here.cli(['upgrade', '--all-hosts', '--json'], { withinMs: 60_000 });
      return code === 0 && JSON.parse(String(stdout)).upgraded.length === HOSTS;
    },
    60_000,
  );
  expect(upgraded).toBe(true);
  const { code, stdout, stderr } = await tail.result(90_000);
  expect({ code, stderr, length: stdout.length }).toEqual({ code: 0, stderr: '', length: FLOOD_BYTES });
  expect(sum(stdout)).toBe(sum(numberedLines(0, FLOOD_LINES)));
}, 300_000);

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
