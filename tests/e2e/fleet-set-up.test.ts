import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { TestHome } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import { FleetHouse } from './support/fleet-house.ts';
import { whyNoNats } from './support/test-nats.ts';

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

test('who may not set up a fleet is told so, and who may; who is not let in is told that', async () => {
  await using house = await FleetHouse.open();
  const wrong = house.nats.creds('store', 'not its password');
  for (const [creds, why] of [
    [house.creds('build1'), 'no JetStream at nats:'],
    [house.creds('me'), 'these credentials may not publish'],
    [house.creds('guest'), 'these credentials may not publish'],
    [wrong, 'does not accept these credentials'],
    ['', 'lets nobody in without credentials: HOLDFAST_FLEET_CREDS names a file of them'],
  ] as const) {
    await using home = new TestHome({ env: { ...house.nats.env, HOLDFAST_FLEET_CREDS: creds } });
    const { code, stdout, stderr } = await home.cli(['hosts', '--set-up', '--json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(why) });
    expect(stderr).toMatch(/^holdfast: .*\n$/);
    expect(JSON.parse(String(stdout))).toMatchObject({ error: { code: 'E_FORBIDDEN' } });
    if (/^no|^these/.test(why))
      expect(stderr).toMatch(/can't set up the fleet: .* it takes a user who may make buckets/);
  }
  await using store = house.as('store');
  expect(await store.cli(['hosts', '--set-up'])).toMatchObject({
    code: 0,
    stdout: Buffer.from('All of it is there\n'),
  });
}, 60_000);

test('a file without credentials, or with damaged ones, is named, and no server is asked', async () => {
  await using home = new TestHome({ env: { HOLDFAST_FLEET: 'nats://127.0.0.1:1' } });
  const folder = home.scratch('creds');
  const setUp = async (name: string, content?: string) => {
    const file = path.join(folder, name);
    if (content !== undefined) writeFileSync(file, content, { mode: 0o600 });
    const { code, stderr } = await home.cli(['hosts', '--set-up'], {
      env: { HOLDFAST_FLEET_CREDS: file },
    });
    return { code, said: stderr.replace(file, 'FILE') };
  };
  const seed = `SU${'A'.repeat(56)}`;
  for (const content of ['', 'neither\nthis nor that\n', seed, `-----BEGIN USER NKEY SEED-----\n${seed}\n`])
    expect(await setUp('damaged', content)).toEqual({
      code: 2,
      said: expect.stringMatching(/^holdfast: .*FILE holds no credentials/),
    });
  expect(await setUp('missing')).toEqual({
    code: 2,
    said: "holdfast: can't read FILE: ENOENT: no such file or directory\n",
  });
}, 60_000);
