import { childrenOf, eventually, type TestDaemon, zombiesOf } from '@holdfast/testkit';
import { expect } from 'vitest';

/** In the end there is exactly one keeper, the parent of exactly one daemon, and nothing that nobody has reaped. */
export async function expectOneEach({ home }: TestDaemon): Promise<void> {
  const [keeper, daemon] = await eventually('one keeper, the parent of one daemon', () => {
    const { keeperPids, daemonPids } = home;
    const [keeperPid, daemonPid] = [keeperPids[0] ?? -1, daemonPids[0] ?? -1];
    const areAlone = keeperPids.length === 1 && daemonPids.length === 1;
    return areAlone && childrenOf(keeperPid).includes(daemonPid) && ([keeperPid, daemonPid] as const);
  });
  await eventually('no zombies', () => zombiesOf(keeper).length === 0);
  expect(zombiesOf(daemon)).toEqual([]);
}
