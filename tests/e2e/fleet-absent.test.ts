import { Fleet } from '@holdfast/fleet';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { TestNats, whyNoNats } from './support/test-nats.ts';

const LEASE = { instance: 'i', machine: 'm', home: '/h', version: '1.0.0', build: 'b', since: 'now' };
/** Far longer than it takes to find no lease. */
const THINKS_MS = 300;

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

/** Answers as alpha, and has no lease; returns what it is asked for. */
async function answerAsAlpha(nc: NatsConnection): Promise<string[]> {
  const asked: string[] = [];
  nc.subscribe('holdfast.alpha.operate.*', {
    callback: (_, message) => {
      asked.push(message.subject.split('.')[3] ?? '');
      setTimeout(() => message.respond(JSON.stringify({ ok: asked.at(-1) })), THINKS_MS);
    },
  });
  await nc.flush();
  return asked;
}

test('a host that was not found is asked for no upgrade; where its lease is seen a moment later, it answers', async () => {
  await using nats = await TestNats.start();
  await using fleet = await Fleet.connect({ servers: nats.url });
  await fleet.setUp();
  const nc = await connect({ servers: nats.url });
  await using _closed = { [Symbol.asyncDispose]: () => nc.close() };
  const asked = await answerAsAlpha(nc);

  expect(await fleet.status('alpha')).toEqual({ role: 'operate', status: 'status' });
  await expect(fleet.upgrade('alpha')).rejects.toMatchObject({ code: 'E_NO_DAEMON' });
  expect(asked).toEqual(['status']);
  const upgraded = fleet.upgrade('alpha');
  await nc.request('$KV.holdfast_hosts.alpha', JSON.stringify(LEASE), { timeout: 5_000 });
  expect(await upgraded).toBe('upgrade');
}, 60_000);
