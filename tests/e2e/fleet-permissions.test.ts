import { eventually, TestHome } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import { FleetHouse } from './support/fleet-house.ts';
import { whyNoNats } from './support/test-nats.ts';

beforeEach((context) => {
  const why = whyNoNats();
  if (why !== undefined) context.skip(why);
});

test('an operator does everything on every host, and one of another account sees none', async () => {
  await using house = await FleetHouse.open();
  await using _build1 = await house.host('build1');
  await using _build2 = await house.host('build2');
  await using operator = house.as('me');
  await using stranger = new TestHome({
    env: { ...house.nats.env, HOLDFAST_FLEET_CREDS: house.nats.creds('stranger', 'far away') },
  });
  for (const name of ['build1', 'build2']) {
    const { code, stderr } = await operator.cli(['new', '-d', '--host', name, '--name', 'one', '--', 'cat']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await operator.cli(['send', 'one', 'typed', '--enter', '--host', name])).code).toBe(0);
    expect((await operator.cli(['wait', 'one', '--output', 'typed', '--host', name])).code).toBe(0);
    expect((await operator.cli(['upgrade', '--host', name])).code).toBe(0);
  }
  const { stdout } = await operator.cli(['ls', '--all-hosts', '--json']);
  expect(JSON.parse(String(stdout))).toMatchObject([{ host: 'build1' }, { host: 'build2' }]);

  expect(String((await stranger.cli(['hosts', '--json'])).stdout)).toBe('[]\n');
  const refused = await stranger.cli(['ls', '--host', 'build1']);
  expect(refused).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('no host "build1" is in the fleet'),
  });
}, 90_000);

test('who may only look sees everything, and can neither type, nor open, kill, resize, follow exactly or upgrade', async () => {
  await using house = await FleetHouse.open();
  await using build1 = await house.host('build1');
  await using operator = house.as('me');
  await using viewer = house.as('guest');
  const opened = await operator.cli(['new', '--host', 'build1', '--json', '--name', 'one', '--', 'cat']);
  const before = JSON.parse(String(opened.stdout));
  await operator.cli(['send', 'one', 'shown', '--enter', '--host', 'build1']);
  await operator.cli(['wait', 'one', '--output', 'shown\\r\\nshown', '--host', 'build1']);

  expect(JSON.parse(String((await viewer.cli(['ls', '--host', 'build1', '--json'])).stdout))).toMatchObject([
    { id: before.id },
  ]);
  expect(String((await viewer.cli(['capture', 'one', '--host', 'build1'])).stdout)).toContain(
    'shown\nshown\n',
  );
  expect((await viewer.cli(['status', '--host', 'build1'])).code).toBe(0);
  expect((await viewer.cli(['hosts'])).stdout.toString()).toContain('build1');
  using terminal = viewer.terminal(['attach', 'one', '--read-only', '--host', 'build1']);
  await terminal.waitFor('shown');

  for (const command of [
    ['send', 'one', 'typed'],
    ['kill', 'one'],
    ['resize', 'one', '100x30'],
    ['rename', 'one', 'two'],
    ['tail', 'one'],
    ['new', '-d', '--', 'cat'],
    ['upgrade'],
  ]) {
    const { code, stderr } = await viewer.cli(['--host', 'build1', ...command]);
    expect({ command, code }).toEqual({ command, code: 1 });
    expect(stderr).toMatch(/may only look|may not do that/);
  }
  const after = JSON.parse(String((await build1.home.cli(['ls', '--json'])).stdout));
  expect(after).toMatchObject([{ id: before.id, name: 'one', state: 'running', cols: 80, offset: 14 }]);
  terminal.type('\x1dd');
  await terminal.waitFor('it goes on running: holdfast --host build1 attach one]');
}, 90_000);

test('where no daemon runs, who may only look starts none, and is told so; an operator does', async () => {
  await using house = await FleetHouse.open();
  await using build1 = await house.host('build1');
  await using operator = house.as('me');
  await using viewer = house.as('guest');
  // It is being started with the host.
  expect((await operator.cli(['ls', '--host', 'build1'])).code).toBe(0);
  expect((await build1.home.cli(['stop', '--yes'])).code).toBe(0);
  for (const command of [['ls'], ['capture', 'one'], ['wait', 'one']]) {
    const refused = await viewer.cli(['--host', 'build1', ...command]);
    expect(refused, `holdfast ${command.join(' ')}`).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('who may only look starts none'),
    });
  }
  expect(build1.home.daemonPids.concat(build1.home.keeperPids)).toEqual([]);
  expect((await operator.cli(['new', '-d', '--host', 'build1', '--', 'cat'])).code).toBe(0);
  expect((await viewer.cli(['ls', '--host', 'build1'])).stdout.toString()).toContain('cat');
}, 120_000);

test('a host can be no other one, sees no other one, and does nothing on any', async () => {
  await using house = await FleetHouse.open();
  await using build2 = await house.host('build2');
  await using build1 = house.as('build1');
  const posing = ['serve', '--port', '0', '--json', '--fleet', house.nats.url, '--fleet-name', 'build2'];
  const { code, stderr } = await build1.cli(posing.concat('--creds', house.creds('build1')));
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('nobody there takes a lease for "build2"'),
  });
  for (const command of [['ls'], ['new', '-d', '--', 'cat'], ['upgrade'], ['status']]) {
    const refused = await build1.cli(['--host', 'build2', ...command]);
    expect({ command, code: refused.code }).toEqual({ command, code: 4 });
    expect(refused.stderr).toContain('no host "build2" is in the fleet');
  }
  expect((await build1.cli(['hosts'])).code).toBe(1);
  expect((await build1.cli(['hosts', '--set-up'])).code).toBe(1);
  expect(JSON.parse(String((await build2.home.cli(['ls', '--json'])).stdout))).toEqual([]);
}, 60_000);

test('credentials that the servers do not know are refused at once', async () => {
  await using house = await FleetHouse.open();
  await using nobody = new TestHome({
    env: { ...house.nats.env, HOLDFAST_FLEET_CREDS: house.nats.creds('me', 'guessed') },
  });
  const { code, stderr } = await nobody.cli(['ls', '--host', 'build1']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('does not accept these credentials'),
  });
  await using stranger = new TestHome({ env: house.nats.env });
  expect(await stranger.cli(['hosts'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^holdfast: can't ask the fleet: .* lets nobody in without credentials: HOLDFAST_FLEET_CREDS/,
    ),
  });
  await using me = house.as('me');
  for (const args of [['hosts'], ['ls', '--all-hosts']])
    expect(await me.cli(args)).toMatchObject({
      code: 0,
      stdout: Buffer.from(''),
      stderr: expect.stringContaining('[no host is in the fleet: '),
    });
  await eventually('nothing is left', () => nobody.processes.length === 0);
}, 30_000);
