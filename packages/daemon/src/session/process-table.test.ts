import type { ProcessEntry } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { ProcessLister, ProcessTable } from './process-table.ts';

function entry(pid: number, parent: number): ProcessEntry {
  return {
    pid,
    parent,
    group: pid,
    session: pid,
    terminal: 0,
    command: 'x',
    isZombie: false,
    startTime: pid,
  };
}

function pids(entries: Iterable<ProcessEntry>): number[] {
  return Array.from(entries, ({ pid }) => pid);
}

test('a table knows children and ancestors, and is not caught in a circle', () => {
  const table = new ProcessTable([
    entry(1, 0),
    entry(10, 1),
    entry(11, 10),
    entry(12, 10),
    entry(20, 21),
    entry(21, 20),
  ]);
  expect(pids(table.children(10))).toEqual([11, 12]);
  expect(pids(table.children(99))).toEqual([]);
  expect(pids(table.ancestry(12))).toEqual([12, 10, 1]);
  expect(pids(table.ancestry(20))).toEqual([20, 21]);
  expect(pids(table.ancestry(99))).toEqual([]);
});

/** Lists on demand: each one is finished by the test. */
function lister() {
  const runs: { finish: (pid: number) => void; fail: () => void }[] = [];
  const processes = new ProcessLister(
    () =>
      new Promise((resolve, reject) => {
        runs.push({ finish: (pid) => resolve([entry(pid, 0)]), fail: () => reject(new Error('EMFILE')) });
      }),
  );
  const look = () => processes.list().then(({ all }) => all[0]?.pid);
  return { runs, look };
}

test('those who ask while a list is read share one that is begun after it', async () => {
  const { runs, look } = lister();
  const first = look();
  const later = [look(), look(), look()];
  expect(runs).toHaveLength(1);
  runs[0]?.finish(1);
  expect(await first).toBe(1);
  await Promise.resolve();
  expect(runs).toHaveLength(2);
  const last = look();
  runs[1]?.finish(2);
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
  await Promise.resolve();
  runs[2]?.finish(3);
  expect(await last).toBe(3);
});

test('a list that fails fails those who share it, and not those after', async () => {
  const { runs, look } = lister();
  const first = look();
  const second = look();
  runs[0]?.fail();
  await expect(first).rejects.toThrow('EMFILE');
  await Promise.resolve();
  runs[1]?.finish(2);
  expect(await second).toBe(2);
});
