import { Fleet } from '@holdfast/fleet';
import { cpuMs, eventually, passTime, privateBytes, type TestHome } from '@holdfast/testkit';
import type { NatsConnection } from '@nats-io/transport-node';
import { FleetHouse } from '../e2e/support/fleet-house.ts';
import { Scope } from '../e2e/support/scope.ts';
import type { NatsTraffic } from '../e2e/support/test-nats.ts';

const REST_MS = 20_000;
/** Writes of one key, whose cost is divided by them. */
const WRITES = 20_000;
const WRITTEN_AT_ONCE = 100;

export interface ScaleOptions {
  /** Beside the one that is real. */
  readonly hosts: number;
  readonly sessions: number;
  readonly onStep?: (line: string) => void;
}

/** What something has cost. */
export interface Cost extends NatsTraffic {
  readonly serverCpuMs: number;
  readonly ownCpuMs: number;
  readonly ms: number;
}

export interface Scale {
  readonly rest: Cost;
  readonly attached: Cost;
  readonly writes: Cost & { readonly count: number };
  readonly list: Cost & { readonly hosts: number; readonly sessions: number };
  /** Of the second list with the same connection: what has not changed is not parsed again. */
  readonly listAgain: Cost;
  readonly leaseBytes: number;
  readonly announcementBytes: number;
  readonly server: { readonly emptyBytes: number; readonly fullBytes: number };
}

/**
 * A server with the accounts of docs/fleet.md for all those hosts. One of them is there and has sessions that do nothing; what it has
 * announced is written for all the others, and what the server has to do for it is counted.
 */
export async function scale({ hosts, sessions, onStep = () => undefined }: ScaleOptions): Promise<Scale> {
  await using scope = new Scope();
  const others = Array.from({ length: hosts }, (_, index) => `other${index}`);
  const house = scope.use(await FleetHouse.open(['real', ...others]));
  const meter = new Meter(house);
  const emptyBytes = privateBytes(house.nats.pid);
  onStep(`${hosts + 1} accounts of hosts`);
  const { home } = scope.use(await house.host('real'));
  const here = scope.use(house.as('me'));
  const id = await openIdle(home, sessions);
  const fleet = scope.use(await Fleet.connect({ servers: house.nats.url, creds: house.creds('me') }));
  await eventually('all are announced', async () => (await fleet.hosts())[0]?.sessions.length === sessions);

  onStep('at rest');
  const rest = await meter.of(() => passTime(REST_MS));
  const tail = here.startCli(['tail', '--host', 'real', id, '--follow']);
  await tail.stdout.waitFor(/ready/);
  onStep('with one terminal attached');
  const attached = await meter.of(() => passTime(REST_MS));
  tail.kill('SIGTERM');
  await tail.ended;

  onStep(`${WRITES} writes`);
  const store = await house.raw('store');
  const lease = await keptBy(store, 'hosts');
  const announcement = await keptBy(store, 'sessions');
  const other = await house.raw('other0');
  const writes = await meter.of(async () => {
    for (let count = 0; count < WRITES; count += WRITTEN_AT_ONCE)
      await Promise.all(
        Array.from({ length: WRITTEN_AT_ONCE }, () => write(other, 'hosts', 'other0', lease)),
      );
  });

  onStep(`the list of ${hosts + 1} hosts`);
  for (const name of others) await write(store, 'sessions', name, announcement);
  // Leases run out: they are the last.
  await Promise.all(others.map((name) => write(store, 'hosts', name, lease)));
  let listed = await fleet.hosts();
  const listAgain = await meter.of(async () => {
    listed = await fleet.hosts();
  });
  const fresh = scope.use(await Fleet.connect({ servers: house.nats.url, creds: house.creds('me') }));
  await Promise.all(others.map((name) => write(store, 'hosts', name, lease)));
  const list = await meter.of(async () => {
    listed = await fresh.hosts();
  });
  return {
    rest,
    attached,
    writes: { ...writes, count: WRITES },
    list: { ...list, hosts: listed.length, sessions: listed.flatMap((host) => host.sessions).length },
    listAgain,
    leaseBytes: lease.length,
    announcementBytes: announcement.length,
    server: { emptyBytes, fullBytes: privateBytes(house.nats.pid) },
  };
}

/** Of one home; the id of the last, which says that it is there. */
async function openIdle(home: TestHome, count: number): Promise<string> {
  const idle = ['sleep', '1000000'];
  // Starts the daemon.
  await home.cli(['new', '-d', '--', ...idle]);
  const client = await home.connect();
  const request = { command: idle, cwd: '/', env: {}, cols: 80, rows: 24 };
  for (let opened = 2; opened < count; opened += 1) await client.request('open', request);
  const command = ['sh', '-c', 'echo ready; exec sleep 1000000'];
  const { session } = await client.request('open', { ...request, command });
  client.close();
  return session.id;
}

/** What the real host has written into that bucket. */
async function keptBy(nc: NatsConnection, bucket: string): Promise<Uint8Array> {
  const subject = `$JS.API.DIRECT.GET.KV_holdfast_${bucket}.$KV.holdfast_${bucket}.real`;
  return (await nc.request(subject)).data;
}

async function write(nc: NatsConnection, bucket: string, name: string, value: Uint8Array): Promise<void> {
  const answer = await nc.request(`$KV.holdfast_${bucket}.${name}`, value, { timeout: 30_000 });
  const { error } = answer.json<{ error?: { description: string } }>();
  if (error) throw new Error(error.description);
}

class Meter {
  readonly #house: FleetHouse;

  constructor(house: FleetHouse) {
    this.#house = house;
  }

  async of(what: () => Promise<void>): Promise<Cost> {
    const { nats } = this.#house;
    const before = await nats.traffic();
    const serverCpuMs = cpuMs(nats.pid);
    const own = process.cpuUsage();
    const began = performance.now();
    await what();
    const ms = performance.now() - began;
    const { user, system } = process.cpuUsage(own);
    const cpu = { serverCpuMs: cpuMs(nats.pid) - serverCpuMs, ownCpuMs: (user + system) / 1_000 };
    const after = await nats.traffic();
    return {
      ...cpu,
      ms,
      messagesIn: after.messagesIn - before.messagesIn,
      messagesOut: after.messagesOut - before.messagesOut,
      bytesIn: after.bytesIn - before.bytesIn,
      bytesOut: after.bytesOut - before.bytesOut,
    };
  }
}
