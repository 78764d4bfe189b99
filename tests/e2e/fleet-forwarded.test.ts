import { eventually } from '@holdfast/testkit';
import type { NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { FleetHouse } from './support/fleet-house.ts';
import { whyNoNats } from './support/test-nats.ts';

// NATS checks to what subjects a user publishes, and not those that he names for an answer: the servers, and hosts, would publish
// there for him. Where all are in one account, only the host itself stands against that.

const OWN_LEASE = '$JS.API.DIRECT.GET.KV_holdfast_hosts.$KV.holdfast_hosts.build1';
const ID = 'A'.repeat(22);
const OPEN = { holdfast: 1, id: ID, windowBytes: 500_000, replaces: [] };

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

function json(value: object): string {
  return JSON.stringify(value);
}

/** What comes down `build2`'s tunnels to operators, as `me` sees it. */
function tunnelsOf(nc: NatsConnection): string[] {
  const seen: string[] = [];
  nc.subscribe('holdfast.*.operate.down.*', { callback: (_, message) => void seen.push(message.subject) });
  return seen;
}

/** Resolves when the host has seen all that was sent before. */
async function isThrough(operator: NatsConnection): Promise<void> {
  await operator.request('holdfast.build2.operate.status', json({ holdfast: 1 }), { timeout: 10_000 });
}

test('what a host has the server publish to another one opens no tunnel there, and is not typed into one', async () => {
  await using house = await FleetHouse.openShared();
  await using _build2 = await house.host('build2');
  const build1 = await house.raw('build1');
  const me = await house.raw('me');
  const seen = tunnelsOf(me);
  const forward = async (value: string | Uint8Array, to: string) => {
    await build1.request('$KV.holdfast_hosts.build1', value, { timeout: 5_000 });
    build1.publish(OWN_LEASE, '', { reply: to });
    await build1.flush();
    await isThrough(me);
  };
  await forward(json(OPEN), 'holdfast.build2.operate.open');
  // There would be one of that id.
  const opened = await me.request('holdfast.build2.operate.open', json(OPEN), { timeout: 10_000 });
  expect(opened.json()).toMatchObject({ ok: {} });
  // A message that can't be read ends a tunnel, and so does one that is not the next.
  await forward(Buffer.from([9]), `holdfast.build2.operate.up.${ID}`);
  await forward(Buffer.from([1, 0, 0, 0, 0, 0, 7]), `holdfast.build2.operate.up.${ID}`);
  // What a stream delivers has no header, and a subject for its acknowledgement.
  me.publish(`holdfast.build2.operate.up.${ID}`, Buffer.from([9]), { reply: '$JS.ACK.a.b.1.1.1.1.0' });
  const again = await me.request('holdfast.build2.operate.open', json(OPEN), { timeout: 10_000 });
  expect(again.json()).toMatchObject({ error: { message: 'there is a tunnel of that id' } });
  expect(seen).toEqual([]);
}, 60_000);

test('the answers of the server itself are no requests: who may only look upgrades nothing', async () => {
  await using house = await FleetHouse.openShared();
  await using build2 = await house.host('build2');
  await using operator = house.as('me');
  await operator.cli(['new', '-d', '--host', 'build2', '--', 'cat']);
  const before = build2.home.daemonPid;
  const guest = await house.raw('guest');
  const me = await house.raw('me');
  for (const verb of ['upgrade', 'status', 'surroundings', 'open'])
    guest.publish('$JS.API.STREAM.INFO.KV_holdfast_hosts', '', {
      reply: `holdfast.build2.operate.${verb}`,
    });
  await guest.flush();
  await isThrough(me);
  // Upgrades take their turn: this one ends behind any that had begun.
  const refused = await me.request('holdfast.build2.operate.upgrade', json({ ok: true }), {
    timeout: 10_000,
  });
  expect(refused.json()).toMatchObject({ error: { code: 'E_BAD_REQUEST' } });
  const foreign = { holdfast: 1, config: {} };
  const other = await me.request('holdfast.build2.operate.upgrade', json(foreign), { timeout: 10_000 });
  expect(other.json()).toMatchObject({ error: { code: 'E_BAD_REQUEST' } });
  expect(build2.home.daemonPid).toBe(before);
}, 60_000);

test('a host answers to inboxes only: who may only look has it do nothing with its own permissions', async () => {
  await using house = await FleetHouse.openShared();
  await using _build1 = await house.host('build1');
  await using _build2 = await house.host('build2');
  const guest = await house.raw('guest');
  const me = await house.raw('me');
  const leases = async () => {
    const info = await me.request('$JS.API.STREAM.INFO.KV_holdfast_hosts', '', { timeout: 5_000 });
    return info.json<{ state: { messages: number } }>().state.messages;
  };
  await eventually('both have a lease', async () => (await leases()) === 2);
  const asked = json({ holdfast: 1 });
  const answer = await guest.request('holdfast.build2.view.status', asked, { timeout: 10_000 });
  expect(answer.json()).toMatchObject({ ok: {} });
  const seen = tunnelsOf(me);
  // A host may publish to its own tunnels, whatever the server lets it answer.
  for (const reply of ['$JS.API.STREAM.PURGE.KV_holdfast_hosts', `holdfast.build2.operate.down.${ID}`])
    guest.publish('holdfast.build2.view.status', asked, { reply });
  await guest.flush();
  await guest.request('holdfast.build2.view.status', asked, { timeout: 10_000 });
  await me.flush();
  expect(seen).toEqual([]);
  expect(await leases()).toBe(2);
}, 60_000);

test('a host believes in no window that is past all bounds', async () => {
  await using house = await FleetHouse.openShared();
  await using _build2 = await house.host('build2');
  const me = await house.raw('me');
  const greedy = json({ ...OPEN, windowBytes: 2 ** 52 });
  const refused = await me.request('holdfast.build2.operate.open', greedy, { timeout: 10_000 });
  expect(refused.json()).toMatchObject({ error: { code: 'E_BAD_REQUEST' } });
}, 60_000);
