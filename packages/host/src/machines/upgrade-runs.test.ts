import type { UpgradeOutcome } from '@holdfast/supervisor';
import { expect, test } from 'vitest';
import type { UpgradeRun } from './machine-view.ts';
import { UpgradeRuns } from './upgrade-runs.ts';

const build = { pid: 1, version: '1.0.0', build: 'abc' };
const upgraded: UpgradeOutcome = { ok: true, keeper: null, from: null, to: build, sessions: 1 };
const failed: UpgradeOutcome = { ok: false, code: 'E_UPGRADE_START', reason: 'it is broken', sessions: 2 };

function statesOf({ machines }: UpgradeRun): string {
  return machines.map(({ name, state }) => `${name} ${state}`).join(', ');
}

test('machines are upgraded in turn, and behind the first that fails they are left; all steps are told', async () => {
  const runs = new UpgradeRuns({ upgrade: async (name) => (name === 'b' ? failed : upgraded) });
  const seen: string[] = [];
  runs.listen((run) => seen.push(statesOf(run)));
  const run = await runs.upgrade(['a', 'b', 'c']);
  expect(statesOf(run)).toBe('a upgraded, b failed, c left');
  expect(run.machines[1]?.result).toEqual(failed);
  expect(seen.slice(0, 5)).toEqual([
    'a waiting, b waiting, c waiting',
    'a upgrading, b waiting, c waiting',
    'a upgraded, b waiting, c waiting',
    'a upgraded, b upgrading, c waiting',
    'a upgraded, b failed, c waiting',
  ]);
});

test('there is one run at a time; who listens later is told how far it is', async () => {
  let finish: (outcome: UpgradeOutcome) => void = () => {};
  const runs = new UpgradeRuns({ upgrade: () => new Promise((resolve) => (finish = resolve)) });
  const first = runs.upgrade(['a']);
  await expect(runs.upgrade(['b'])).rejects.toMatchObject({ code: 'E_UPGRADE_BUSY' });
  const seen: string[] = [];
  const stop = runs.listen((run) => seen.push(statesOf(run)));
  expect(seen).toEqual(['a upgrading']);
  finish(upgraded);
  expect(await first).toMatchObject({ isOver: true });
  stop();
  const count = seen.length;
  const second = runs.upgrade(['b']);
  finish(failed);
  expect(statesOf(await second)).toBe('b failed');
  expect(seen).toHaveLength(count);
});
