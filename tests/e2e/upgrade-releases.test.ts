import { readFileSync } from 'node:fs';
import { installation } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Household } from './support/household.ts';
import { DaemonFile, released, RELEASES } from './support/releases.ts';

test.for(RELEASES)(
  'the daemon of release %s is upgraded to this build, with everything in it',
  { timeout: 90_000 },
  async (version) => {
    const { code, build } = released(version);
    using old = new DaemonFile(code);
    await using household = await Household.start(old.installation);
    expect(await household.identity()).toMatchObject({ version, build });
    const { from, to } = await household.movesTo(installation().daemonEntry);
    expect(from).toMatchObject({ version, build });
    expect(to).toEqual(await household.identity());
    await household.runsOn();
  },
);

test('the newest release takes over from this build, and this build again from it', async () => {
  const [version = ''] = RELEASES.slice(-1);
  const { code, build } = released(version);
  using old = new DaemonFile(code);
  await using household = await Household.start();
  const current = await household.identity();
  expect((await household.movesTo(old.entry)).to).toMatchObject({ version, build });
  await household.runsOn();
  const { build: now } = (await household.movesTo(installation().daemonEntry)).to;
  expect(now).toBe(current.build);
  await household.runsOn();
}, 90_000);

test('the bundle that ships hands over and takes over, as one file that nothing stands beside', async () => {
  const code = readFileSync(installation().daemonEntry);
  using first = new DaemonFile(code);
  using second = new DaemonFile(code);
  await using household = await Household.start(first.installation);
  first[Symbol.dispose]();
  const { from, to } = await household.movesTo(second.entry);
  expect(to.build).toBe(from.build);
  expect(to.pid).not.toBe(from.pid);
  await household.runsOn();
  await household.survives({ points: { 'successor.adopted': 'throw' }, code: 'E_UPGRADE_REFUSED' });
}, 90_000);
