import {
  childrenOf,
  eventually,
  isAlive,
  processState,
  settledFdCount,
  untilEnded,
  zombiesOf,
} from '@holdfast/testkit';
import { expect } from 'vitest';
import { FloodWatch } from './flood-watch.ts';
import { startKept } from './kept.ts';
import { STEPS, type Step } from './upgrade-steps.ts';
import { mastersOf, upgrade } from './upgrades.ts';

const VICTIMS = ['predecessor', 'successor', 'keeper'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Everyone at every step; but once its successor serves, a predecessor leaves by itself. */
export const KILLS: readonly { readonly step: Step; readonly victim: Victim }[] = STEPS.flatMap((step) =>
  VICTIMS.map((victim) => ({ step, victim })),
).filter(({ step, victim }) => step !== 'successor.serving' || victim !== 'predecessor');

const AT_RISK_BYTES = 4_095;
const MEBIBYTE = 1024 * 1024;
/** What a daemon has open beside one master for each session: far less than a leak of one for each upgrade would be. */
const OPEN_FILES_MAX = 40;

/**
 * Kills one of the three while an upgrade stands still at a step. In the end one daemon serves and one keeper holds, no
 * program has ended, and the output has all its bytes but for one read at a mark: two daemons that read would have shared it.
 */
export async function killAt(step: Step, victim: Victim): Promise<void> {
  await using kept = await startKept();
  const { daemon, at } = kept;
  const { home } = daemon;
  const gate = home.gate();
  const flood = await daemon.open('flood.py', [gate.path], { historyBytes: 4 * MEBIBYTE });
  const output = await FloodWatch.begin(await daemon.client(), flood.id);
  await gate.open();
  const cat = await daemon.openCommand(['/bin/cat']);
  const predecessor = await daemon.servingPid();
  const { keeperPid: keeper = -1 } = home;
  await eventually('all is held', () => mastersOf(keeper) === 2);
  at({ [step]: 'stop' });
  const asked = upgrade(daemon);
  asked.catch(() => undefined);
  const successor = await eventually('it stands still, and the successor is there', () => {
    const found = home.daemonPids.find((pid) => pid !== predecessor);
    const stopped = step.startsWith('successor.') ? found : predecessor;
    return stopped !== undefined && processState(stopped) === 'T' ? found : undefined;
  });
  at({});
  const victims = { predecessor, successor, keeper };
  process.kill(victims[victim], 'SIGKILL');
  await untilEnded(victims[victim]);
  for (const pid of [predecessor, successor]) if (isAlive(pid)) process.kill(pid, 'SIGCONT');

  await asked.catch(() => undefined);
  // Answered by one that serves: a successor whose predecessor was killed may be the only one for a moment, and about to end.
  await daemon.get(flood);
  const ends = await eventually('one keeper, which is the parent of the one daemon', () => {
    const { keeperPids, daemonPids } = home;
    const [keeperPid, serving] = [keeperPids[0], daemonPids[0]];
    if (keeperPid === undefined || serving === undefined) return false;
    if (keeperPids.length > 1 || daemonPids.length > 1) return false;
    return childrenOf(keeperPid).includes(serving) && { keeper: keeperPid, daemon: serving };
  });
  if (victim !== 'keeper') expect(ends.keeper).toBe(keeper);
  for (const session of [flood, cat])
    expect(await daemon.get(session)).toMatchObject({ state: 'running', pid: session.pid });
  const until = output.offset + MEBIBYTE;
  await eventually('it goes on', () => output.offset > until);
  expect(output.faults).toEqual([]);
  for (const bytes of output.missing) {
    expect(bytes).toBeGreaterThanOrEqual(0);
    expect(bytes).toBeLessThanOrEqual(AT_RISK_BYTES);
  }
  await eventually('all is held', () => mastersOf(ends.keeper) === 2 && mastersOf(ends.daemon) === 2);
  expect((await upgrade(daemon)).sessions).toBe(2);
  for (const pid of [ends.keeper, await daemon.servingPid()]) {
    await eventually('no zombies', () => zombiesOf(pid).length === 0);
    expect(await settledFdCount(pid)).toBeLessThan(OPEN_FILES_MAX);
  }
}
