import { deflateRawSync } from 'node:zlib';
import { Fleet } from '@holdfast/fleet';
import { announcedSession, eventually, TestHome } from '@holdfast/testkit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { TestHost } from './support/test-host.ts';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const LEASE = { instance: 'i', machine: 'm', home: '/h', version: '1.0.0', build: 'b', since: 'now' };
const SESSION = announcedSession();

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

async function lease(nc: NatsConnection, name: string, value: object = LEASE): Promise<void> {
  await nc.request(`$KV.holdfast_hosts.${name}`, JSON.stringify(value), { timeout: 5_000 });
}

async function announce(nc: NatsConnection, name: string, ...sessions: object[]): Promise<void> {
  const list = deflateRawSync(JSON.stringify({ sessions, omitted: 0 }));
  await nc.request(`$KV.holdfast_sessions.${name}`, list, { timeout: 5_000 });
}

test('a machine that lies of itself is not listed, and its list is parsed again only when it is another one', async () => {
  await using nats = await TestNats.start();
  await using fleet = await Fleet.connect({ servers: nats.url });
  await fleet.setUp();
  const nc = await connect({ servers: nats.url });
  await using _closed = { [Symbol.asyncDispose]: () => nc.close() };
  await lease(nc, 'alpha');
  await announce(nc, 'alpha', SESSION);
  for (const field of ['instance', 'machine', 'home', 'version', 'build', 'since'])
    await lease(nc, `liar-${field}`, { ...LEASE, [field]: 'x'.repeat(10_000) });
  await lease(nc, 'liar', { ...LEASE, besides: 'x'.repeat(900_000) });
  for (const name of ['no§name', 'x'.repeat(100)]) {
    await lease(nc, name);
    await announce(nc, name, SESSION);
  }

  const [first, ...others] = await fleet.hosts();
  expect(first).toMatchObject({ name: 'alpha', lease: LEASE, sessions: [SESSION], omitted: 0 });
  expect(others).toEqual([]);
  const [again] = await fleet.hosts();
  expect(again?.sessions).toBe(first?.sessions);
  await announce(nc, 'alpha', { ...SESSION, name: 'two' });
  expect(await fleet.hosts()).toMatchObject([{ name: 'alpha', sessions: [{ name: 'two' }] }]);
}, 60_000);

test('of a command with a whole script in it, the beginning is announced', async () => {
  await using nats = await TestNats.start();
  await using alpha = await TestHost.start({ args: ['--fleet', nats.url, '--fleet-name', 'alpha'] });
  await using here = new TestHome({ env: nats.env });
  const script = `exec cat # ${'x'.repeat(100_000)}`;
  const opened = await alpha.home.cli(['new', '-d', '--name', 'one', '--', 'sh', '-c', script]);
  expect(opened).toMatchObject({ code: 0, stderr: '' });
  const everywhere = async () => JSON.parse(String((await here.cli(['ls', '--all-hosts', '--json'])).stdout));
  await eventually('it is announced', async () => (await everywhere()).length === 1);
  const [{ command }] = await everywhere();
  expect(command.map(({ length }: string) => length)).toEqual([2, 2, 1_024 - 2 * 3]);
  expect(command[2]).toMatch(/^exec cat # x+…$/);
}, 60_000);
