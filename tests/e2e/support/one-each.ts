import { childrenOf, eventually, settledFdCount, type TestDaemon, zombiesOf } from '@holdfast/testkit';
import { expect } from 'vitest';
import { mastersOf } from './upgrades.ts';

/** What keeper and daemon have open beside what they have for sessions: less than a leak of one for each of a few would be. */
const OPEN_FILES_MAX = 40;
/** Of a daemon, for each session that runs: its master and its pidfd. */
const FILES_A_SESSION = 2;

/**
 * In the end there is exactly one keeper, the parent of exactly one daemon; both have the master of each session that runs and of no
 * other, nothing else that grows, and nothing that nobody has reaped.
 */
export async function expectOneEach(daemon: TestDaemon): Promise<void> {
  const { home } = daemon;
  const pids = await eventually('one keeper, the parent of one daemon', () => {
    const { keeperPids, daemonPids } = home;
    const [keeperPid, daemonPid] = [keeperPids[0] ?? -1, daemonPids[0] ?? -1];
    const areAlone = keeperPids.length === 1 && daemonPids.length === 1;
    return areAlone && childrenOf(keeperPid).includes(daemonPid) && ([keeperPid, daemonPid] as const);
  });
  const client = await daemon.connect();
  const { running } = (await client.request('status', {})).sessions;
  client.close();
  for (const pid of pids) {
    await eventually('no zombies', () => zombiesOf(pid).length === 0);
    await eventually(`${running} masters`, () => mastersOf(pid) === running);
    expect(await settledFdCount(pid)).toBeLessThan(OPEN_FILES_MAX + running * FILES_A_SESSION);
  }
}
