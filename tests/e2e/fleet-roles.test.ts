import { Fleet } from '@holdfast/fleet';
import { eventually } from '@holdfast/testkit';
import { connect } from '@nats-io/transport-node';
import { beforeEach, expect, test } from 'vitest';
import { TestNats, whyNoNats } from './support/test-nats.ts';

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

/** A server where `me` may do that much. */
function configuration(role: 'view' | 'operate'): string {
  const publish = [`holdfast.*.${role}.*`, `holdfast.*.${role}.up.*`];
  const subscribe = [`holdfast.*.${role}.down.*`, '_INBOX.me.>'];
  const me = { user: 'me', password: 'mine', permissions: { publish, subscribe } };
  const users = [me, { user: 'alpha', password: 'its' }].map((user) => JSON.stringify(user));
  return `authorization { users: [ ${users.join(', ')} ] }`;
}

test('who may do more by now is let do it, and who may only look by now looks, with the connection that there is', async () => {
  await using nats = await TestNats.start(configuration('view'));
  const alpha = await connect({ servers: nats.url, user: 'alpha', pass: 'its' });
  await using _closed = { [Symbol.asyncDispose]: () => alpha.close() };
  const opened: string[] = [];
  alpha.subscribe('holdfast.alpha.*.open', {
    callback: (_, message) => {
      opened.push(message.subject.split('.')[2] ?? '');
      message.respond(JSON.stringify({ ok: { windowBytes: 1_000 } }));
    },
  });
  await alpha.flush();
  await using fleet = await Fleet.connect({ servers: nats.url, creds: nats.creds('me', 'mine') });
  const connector = fleet.connectorTo('alpha');
  const openedAs = async () => {
    await connector.connect().catch(() => undefined); // Where the server has ended the connection, another one is made.
    return opened.at(-1);
  };
  expect(await openedAs()).toBe('view');
  await nats.reload(configuration('operate'));
  await eventually('it may do more', async () => (await openedAs()) === 'operate');
  await nats.reload(configuration('view'));
  await eventually('it may look', async () => (await openedAs()) === 'view');
  expect(opened).toContain('operate');
}, 60_000);
