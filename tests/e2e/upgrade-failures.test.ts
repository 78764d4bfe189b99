import { LIMITS } from '@holdfast/protocol';
import { eventually, passTime, RawClient, SmallDisk, TestHome } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Household } from './support/household.ts';
import { FULL_DISK_TRIALS, SHORT_TRIALS } from './support/trials.ts';
import { startWithPoints, stoppedSuccessor, upgrade } from './support/upgrades.ts';

test('whatever an upgrade fails of, sessions, streams and clients are as before, and the next one goes well', async () => {
  await using household = await Household.start();
  await household.survivesAll(SHORT_TRIALS);
}, 180_000);

test.for(['successor.adopted', 'successor.committed'])(
  'a successor that has no descriptor left from %s on serves all the same',
  { timeout: 60_000 },
  async (point) => {
    await using household = await Household.start();
    await household.survives({ points: { [point]: 'descriptors' }, code: 'none' });
  },
);

test.skipIf(!SmallDisk.isPossible())(
  'with the disk full, an upgrade goes well, and one that fails changes nothing (needs to mount)',
  { timeout: 120_000 },
  async () => {
    await using home = new TestHome();
    using disk = new SmallDisk(home.folder, 16 * 1024 * 1024);
    await using household = await Household.start(undefined, home);
    disk.fill();
    await household.survivesAll(FULL_DISK_TRIALS);
  },
);

test('an upgrade that fails takes nothing off the time of a lease', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  const holders = async () => (await client.request('status', {})).holders;
  at({ 'successor.loaded': 'stop' });
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  const successor = await stoppedSuccessor(daemon);
  at({ 'successor.committed': 'stop' });
  const flood = await daemon.open('flood.py');
  // What it takes to fail, and less than that and the time until the hand-over.
  const leaseMs = 2_000;
  const output = await daemon.record(flood, { leaseMs, acknowledges: false });
  await eventually('the program is held', async () => (await holders()).length > 0);
  process.kill(successor, 'SIGCONT');
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  await passTime(100);
  expect(await holders()).toMatchObject([{ by: 'lease' }]);
  await eventually('its time is over', async () => (await holders()).length === 0);
  expect(output.gaps).toEqual([]);
}, 60_000);

test('an upgrade that fails takes nothing off the time that a new client has for its hello', async () => {
  await using pointed = await startWithPoints();
  const { daemon, at } = pointed;
  const client = await daemon.client();
  at({ 'successor.loaded': 'stop' });
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  const successor = await stoppedSuccessor(daemon);
  at({ 'successor.committed': 'stop' });
  using late = await RawClient.connect(daemon.home.paths.socketPath);
  const began = performance.now();
  await passTime(LIMITS.helloTimeoutMs - 1_500);
  process.kill(successor, 'SIGCONT');
  await expect(asked).rejects.toMatchObject({ code: 'E_UPGRADE_TIMEOUT' });
  await client.request('status', {});
  expect(performance.now() - began).toBeGreaterThan(LIMITS.helloTimeoutMs);
  expect(await late.hello()).toHaveProperty('ok');
}, 60_000);
