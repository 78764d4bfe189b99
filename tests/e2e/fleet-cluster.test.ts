import { createHash } from 'node:crypto';
import { Fleet } from '@holdfast/fleet';
import { eventually, numberedLines, passTime, program, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { NetworkCable } from './support/network-cable.ts';
import { Scope } from './support/scope.ts';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const HOSTS = 5;
const SESSIONS = 200;
const LIST_MS = 300;
const FLOOD_LINES = 6_250_000;
const FLOOD_BYTES = FLOOD_LINES * 16;
const MEGABYTE = 1_000_000;

/** How fast it floods: slow enough for the upgrades to be in the midst of it. */
const PACE_MB = 4;
const CUT_MS = 15_000;
/** Where in the flood a server is killed, and where it is started again. */
const KILLS_MB = [
  [5, 12],
  [15, 22],
  [25, 32],
] as const;

test('200 sessions of 5 hosts at 3 servers are listed in 300 ms; 100 MB come exact while each server is killed, their host is cut off for 15 s, and all hosts are upgraded', async (context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
  await using scope = new Scope();
  const servers = await TestNats.cluster(3);
  for (const server of servers) scope.use(server);
  const url = servers.map((server) => server.url).join(',');
  const cables: NetworkCable[] = [];
  for (const { port } of servers) cables.push(scope.use(await NetworkCable.to(port)));
  const byCables = cables.map((cable) => cable.url).join(',');
  const hosts: TestHost[] = [];
  for (let count = 0; count < HOSTS; count += 1) {
    const args = ['--fleet', count === 0 ? byCables : url, '--fleet-name', `host${count}`];
    const home = scope.use(new TestHome({ env: { HOLDFAST_FLEET: url } }));
    hosts.push(scope.use(await TestHost.start({ args, home })));
  }
  const [first, second] = hosts;
  if (!first || !second) throw new Error('there are no hosts');
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

  const here = second.home;
  const gate = first.home.gate();
  const flood = program('flood.py', FLOOD_LINES, '--pace', PACE_MB, gate.path);
  const opened = await here.cli(['new', '--host', 'host0', '--json', '--', ...flood]);
  const { id } = JSON.parse(String(opened.stdout));
  const tail = here.startCli(['tail', '--host', 'host0', id, '--follow', '--lease', '60']);
  const beside = await first.home.connect({ reconnect: true });
  await eventually('it is followed', async () => {
    return (await beside.request('get', { session: id })).session.clients > 0;
  });
  await gate.open();
  for (const [index, [killedAt, startedAt]] of KILLS_MB.entries()) {
    await tail.stdout.untilLength(killedAt * MEGABYTE, 60_000);
    await servers[index]?.kill();
    await tail.stdout.untilLength(startedAt * MEGABYTE, 60_000);
    await servers[index]?.start();
  }
  await tail.stdout.untilLength(40 * MEGABYTE, 60_000);
  for (const cable of cables) cable.cut();
  const atCut = tail.stdout.length;
  await passTime(CUT_MS);
  expect(tail.stdout.length - atCut).toBeLessThan(MEGABYTE);
  expect((await fleet.hosts()).map(({ name }) => name)).not.toContain('host0');
  for (const cable of cables) cable.heal();
  await tail.stdout.untilLength(50 * MEGABYTE, 60_000);
  const upgraded = await eventually(
    'all hosts are upgraded',
    async () => {
      const { code, stdout } = await here.cli(['upgrade', '--all-hosts', '--json'], { withinMs: 60_000 });
      return code === 0 && JSON.parse(String(stdout)).upgraded.length === HOSTS;
    },
    60_000,
  );
  expect(upgraded).toBe(true);
  expect(tail.stdout.length).toBeLessThan(FLOOD_BYTES);
  const { code, stdout, stderr } = await tail.result(120_000);
  expect({ code, stderr, length: stdout.length }).toEqual({ code: 0, stderr: '', length: FLOOD_BYTES });
  expect(sum(stdout)).toBe(sum(numberedLines(0, FLOOD_LINES)));
}, 400_000);

function sum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
