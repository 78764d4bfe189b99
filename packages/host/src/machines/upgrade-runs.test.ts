import type { UpgradeOutcome } from '@holdfast/supervisor';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UpgradeRun } from './machine-view.ts';
import { UpgradeRuns } from './upgrade-runs.ts';

const build = { pid: 1, version: '1.0.0', build: 'abc' };
const upgraded: UpgradeOutcome = { ok: true, keeper: null, from: null, to: build, sessions: 1 };
const failed: UpgradeOutcome = { ok: false, code: 'E_UPGRADE_START', reason: 'it is broken', sessions: 2 };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function statesOf(run: UpgradeRun | null): string {
  return (run?.machines ?? []).map(({ name, state }) => `${name} ${state}`).join(', ');
}

test('machines are upgraded in turn, and behind the first that fails they are left; all steps are told', async () => {
  const runs = new UpgradeRuns({ upgrade: async (name) => (name === 'b' ? failed : upgraded) });
  const seen: string[] = [];
  runs.listen((run) => seen.push(statesOf(run)));
  const run = await runs.upgrade(['a', 'b', 'c']);
  expect(statesOf(run)).toBe('a upgraded, b failed, c left');
  expect(run.machines[1]?.result).toEqual(failed);
  expect(seen.slice(0, 6)).toEqual([
    '',
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

/** Of a, b and c b has failed; what is told from then on. */
async function afterFailure() {
  const runs = new UpgradeRuns({ upgrade: async (name) => (name === 'b' ? failed : upgraded) });
  for (const name of ['a', 'b', 'c']) runs.saw(name, { instance: `${name}-1`, running: '1.0.0+abc' });
  await runs.upgrade(['a', 'b', 'c']);
  for (const name of ['a', 'b', 'c']) runs.saw(name, { instance: `${name}-1`, running: '1.0.0+abc' });
  const seen: string[] = [];
  runs.listen((run) => seen.push(statesOf(run)));
  expect(seen).toEqual(['a upgraded, b failed, c left']);
  return { runs, seen };
}

test('what came of the upgrade of a machine is told until another process serves there', async () => {
  const { runs, seen } = await afterFailure();
  runs.saw('a', { instance: 'a-1', running: null });
  expect(seen).toHaveLength(1);
  runs.saw('a', { instance: 'a-2', running: null });
  expect(seen.slice(1)).toEqual(['b failed, c left']);
  // Nothing stops the others any more.
  runs.saw('b', { instance: 'b-2', running: null });
  expect(seen.slice(2)).toEqual(['']);
});

test('what came of the upgrade of a machine is told until another daemon runs there', async () => {
  const { runs, seen } = await afterFailure();
  runs.saw('b', { instance: 'b-1', running: '2.0.0+def' });
  expect(seen.slice(1)).toEqual(['a upgraded']);
});

test('a daemon that is known only after the upgrade is none that has changed since', async () => {
  const runs = new UpgradeRuns({ upgrade: async () => upgraded });
  runs.saw('a', { instance: 'a-1', running: '0.9.0+old' });
  await runs.upgrade(['a']);
  const seen: string[] = [];
  runs.listen((run) => seen.push(statesOf(run)));
  runs.saw('a', { instance: 'a-1', running: '1.0.0+abc' });
  expect(seen).toEqual(['a upgraded']);
});

test('what came of upgrades is told for an hour, with when that was', async () => {
  const { runs, seen } = await afterFailure();
  let at: string | undefined;
  runs.listen((run) => (at = run?.at));
  expect(at).toBe(new Date().toISOString());
  vi.advanceTimersByTime(3_599_000);
  expect(seen).toHaveLength(1);
  vi.advanceTimersByTime(1_000);
  expect(seen.slice(1)).toEqual(['']);
});

test('what came of upgrades can be dismissed, and those under way can not', async () => {
  const { runs, seen } = await afterFailure();
  let finish: (outcome: UpgradeOutcome) => void = () => {};
  runs.dismiss();
  expect(seen.slice(1)).toEqual(['']);
  const slow = new UpgradeRuns({ upgrade: () => new Promise((resolve) => (finish = resolve)) });
  const run = slow.upgrade(['a']);
  slow.dismiss();
  finish(upgraded);
  expect(statesOf(await run)).toBe('a upgraded');
});
