import { eventually } from '@holdfast/testkit';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { FleetHouse } from './support/fleet-house.ts';
import { whyNoNats } from './support/test-nats.ts';

// What docs/security.md says that somebody with the credentials of others can't do, tried with the configuration of docs/fleet.md.

const HOSTS_STREAM = 'KV_holdfast_hosts';
const ID = 'A'.repeat(22);
/** Brings whoever could make it all that passes. */
const SPY = {
  name: 'SPY',
  subjects: ['holdfast.>'],
  storage: 'memory',
  no_ack: true,
  republish: { src: '>', dest: '_INBOX.build1.spy.>' },
};
const API = ['STREAM.CREATE.SPY', `STREAM.UPDATE.${HOSTS_STREAM}`].concat(
  ['STREAM.PURGE', 'STREAM.DELETE', 'STREAM.MSG.DELETE', 'CONSUMER.CREATE'].map(
    (verb) => `${verb}.${HOSTS_STREAM}`,
  ),
);

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

function json(value: object): string {
  return JSON.stringify(value);
}

function leaseOf(host: string): string {
  return `$JS.API.DIRECT.GET.${HOSTS_STREAM}.$KV.holdfast_hosts.${host}`;
}

/** What the store has: of each stream how it is configured, and how many keys it has. */
async function kept(store: NatsConnection): Promise<{ config: object; keys: number; consumers: number }[]> {
  const { streams } = (await store.request('$JS.API.STREAM.LIST', '', { timeout: 5_000 })).json<{
    streams: { config: object; state: { num_subjects: number; consumer_count: number } }[];
  }>();
  return streams.map(({ config, state }) => ({
    config,
    keys: state.num_subjects,
    consumers: state.consumer_count,
  }));
}

async function instanceOf(host: string, by: NatsConnection): Promise<string> {
  const lease = await by.request(leaseOf(host), '', { timeout: 5_000 });
  return lease.json<{ instance: string }>().instance;
}

/** Whatever comes of a request, nobody need answer it. */
async function attempt(nc: NatsConnection, subject: string, body = ''): Promise<void> {
  await nc.request(subject, body, { timeout: 500 }).catch(() => undefined);
}

test('a leaked host’s credentials neither change what is kept of others, nor make a stream, directly or by way of an answer', async () => {
  await using house = await FleetHouse.open();
  await using _build2 = await house.host('build2');
  const [build1, store, me] = [await house.raw('build1'), await house.raw('store'), await house.raw('me')];
  await build1.request('$KV.holdfast_hosts.build1', json(SPY), { timeout: 5_000 });
  await eventually('all is kept', async () => {
    return (await kept(store)).reduce((sum, { keys }) => sum + keys, 0) === 3;
  });
  const [before, instance] = [await kept(store), await instanceOf('build2', me)];

  await attempt(build1, '$KV.holdfast_hosts.build2', json({ ...SPY, instance: 'forged' }));
  await attempt(build1, '$KV.holdfast_sessions.build2', 'forged');
  for (const verb of API) await attempt(build1, `$JS.API.${verb}`, json(SPY));
  const rollUp = headers();
  rollUp.set('Nats-Rollup', 'all');
  await build1
    .request('$KV.holdfast_hosts.build1', json(SPY), { timeout: 5_000, headers: rollUp })
    .catch(() => undefined);
  for (const reply of ['$KV.holdfast_hosts.build2', ...API.map((verb) => `$JS.API.${verb}`)]) {
    build1.publish(leaseOf('build1'), '', { reply });
    build1.publish('$KV.holdfast_hosts.build1', json(SPY), { reply });
  }
  await build1.flush();
  // Behind all of it.
  await build1.request('$KV.holdfast_hosts.build1', json(SPY), { timeout: 5_000 });

  expect(await kept(store)).toEqual(before);
  expect(await instanceOf('build2', me)).toBe(instance);
  await expect(build1.request(leaseOf('build2'), '', { timeout: 500 })).rejects.toThrow(
    /no responders|timeout/,
  );
}, 60_000);

test.each([
  { leaked: 'build1', roles: ['operate', 'view'] },
  { leaked: 'guest', roles: ['operate'] },
])(
  'the leaked credentials of $leaked see nothing of what passes between an operator and another host, and put nothing in',
  async ({ leaked, roles }) => {
    await using house = await FleetHouse.open();
    await using build2 = await house.host('build2');
    await using operator = house.as('me');
    const [thief, me] = [await house.raw(leaked), await house.raw('me')];
    const seen: string[] = [];
    for (const subject of ['>', 'holdfast.build2.>', 'holdfast.build2.operate.down.*'])
      thief.subscribe(subject, { callback: (error, message) => void (error ?? seen.push(message.subject)) });
    await thief.flush();
    const opened = await operator.cli(['new', '--host', 'build2', '-d', '--name', 'one', '--', 'cat']);
    expect(opened).toMatchObject({ code: 0, stderr: '' });
    await operator.cli(['send', 'one', 'secret', '--enter', '--host', 'build2']);
    await operator.cli(['wait', 'one', '--output', 'secret\\r\\nsecret', '--host', 'build2']);
    const open = json({ holdfast: 1, id: ID, windowBytes: 500_000, replaces: [] });
    const answer = await me.request('holdfast.build2.operate.open', open, { timeout: 10_000 });
    expect(answer.json()).toMatchObject({ ok: {} });

    await thief.flush();
    expect(seen).toEqual([]);

    const pid = build2.home.daemonPid;
    for (const role of roles) {
      for (const verb of ['status', 'upgrade', 'surroundings'])
        await attempt(thief, `holdfast.build2.${role}.${verb}`, json({ holdfast: 1 }));
      thief.publish(`holdfast.build2.${role}.up.${ID}`, Buffer.from([9]));
      thief.publish(`holdfast.build2.${role}.down.${ID}`, Buffer.from([9]));
    }
    await thief.flush();
    expect(build2.home.daemonPid).toBe(pid);
    // A message that can't be read would have ended the tunnel.
    const again = await me.request('holdfast.build2.operate.open', open, { timeout: 10_000 });
    expect(again.json()).toMatchObject({ error: { message: 'there is a tunnel of that id' } });
  },
  60_000,
);

test('who may only look, or operates, changes nothing of what is kept, by no answer either', async () => {
  await using house = await FleetHouse.open();
  await using _build1 = await house.host('build1');
  await using _build2 = await house.host('build2');
  const store = await house.raw('store');
  await eventually('all is announced', async () => {
    return (await kept(store)).every(({ keys }) => keys === 2);
  });
  const before = await kept(store);
  for (const user of ['guest', 'me']) {
    const nc = await house.raw(user);
    const verbs = API.map((verb) => `$JS.API.${verb}`);
    for (const subject of ['$KV.holdfast_hosts.build2', '$KV.holdfast_sessions.build2', ...verbs])
      await attempt(nc, subject, json(SPY));
    const role = user === 'me' ? 'operate' : 'view';
    for (const reply of ['$KV.holdfast_hosts.build2', ...verbs]) {
      nc.publish(`holdfast.build1.${role}.status`, json({ holdfast: 1 }), { reply });
      nc.publish(leaseOf('build1'), '', { reply });
      nc.publish(`holdfast.store.STREAM.INFO.${HOSTS_STREAM}`, '', { reply });
    }
    await nc.flush();
    await nc.request(`holdfast.build1.${role}.status`, json({ holdfast: 1 }), { timeout: 10_000 });
  }
  expect(await kept(store)).toEqual(before);
}, 60_000);
