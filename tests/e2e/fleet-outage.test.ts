import { Fleet } from '@holdfast/fleet';
import { eventually } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import { TestNats, whyNoNats } from './support/test-nats.ts';

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

test('a host that is looked for first while the fleet is away can’t be reached at once, and is when the fleet is back', async () => {
  await using nats = await TestNats.start();
  await using fleet = await Fleet.connect({ servers: nats.url });
  const whyNot = (host: string) =>
    fleet
      .connectorTo(host)
      .connect()
      .catch((error: unknown) => error);
  expect(await whyNot('alpha')).toMatchObject({ code: 'E_NO_DAEMON' });
  await nats.kill();
  // Whoever asks before the loss is noticed is told that, too.
  expect(await whyNot('alpha')).toMatchObject({ code: 'E_DISCONNECTED' });
  expect(await whyNot('beta')).toMatchObject({ code: 'E_DISCONNECTED' });
  await nats.start();
  await eventually('it is back', async () => /no host "beta"/.test(String(await whyNot('beta'))));
}, 60_000);
