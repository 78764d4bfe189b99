import fs from 'node:fs';
import { parseResult } from '@holdfast/protocol';
import { Emulators } from '@holdfast/screen';
import { fuzzRuns, hostileBytes, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginAnew } from '../src/history/begin-anew.ts';
import { History } from '../src/history/history.ts';
import { streamKey } from '../src/history/ledger.ts';
import { HistoryFile } from '../src/screen/worker/history-file.ts';
import { SessionScreen } from '../src/screen/worker/session-screen.ts';
import { numbered, record } from './kit/histories.ts';
import { Scratch } from './kit/scratch.ts';

const CAPACITY = 16_384;
const NAMES = ['ledger', 'marks', 'times'] as const;
const size = { cols: 80, rows: 24 };
const emulators = new Emulators();

/** The files of a history that has everything in it. */
function written(): Record<(typeof NAMES)[number], Buffer> {
  using scratch = new Scratch();
  const history = History.create(scratch.folder, CAPACITY);
  history.marks.size(0, size.cols, size.rows);
  for (let line = 0; line < 300; line += 1) {
    history.noteTime(history.end, line * 1_000);
    record(history, numbered(history.end, 100));
    if (line % 3 === 0) history.marks.size(history.end, 100, 30);
  }
  history.markCrash();
  history.ledger.recordQueries(5);
  history.ledger.claimStream(0, streamKey('a stream of one'), 7);
  history.ledger.beginWrite(0, 7, 100);
  history.close();
  const read = (name: string): Buffer => fs.readFileSync(scratch.path(name));
  return { ledger: read('ledger'), marks: read('marks'), times: read('times') };
}

const files = written();
/** The files as long as they were: another length is refused before anything is read. Of most only the beginning is in use. */
const damaged = fc.constantFrom(...NAMES).chain((name) => {
  const used = files[name].subarray(0, 600);
  return hostileBytes(used).map((bytes) => {
    const file = Buffer.from(files[name]);
    bytes.copy(file);
    return { name, file };
  });
});

/** A folder with a history of which one file is damaged. */
function folderWith(scratch: Scratch, { name, file }: { name: string; file: Buffer }): string {
  const folder = scratch.path('history');
  fs.rmSync(folder, { recursive: true, force: true });
  History.create(folder, CAPACITY).close();
  for (const other of NAMES) fs.writeFileSync(scratch.path('history', other), files[other]);
  fs.writeFileSync(scratch.path('history', name), file);
  return folder;
}

test('a damaged history is refused with the reason, or gone on with, and tells clients only what they can read', () => {
  using scratch = new Scratch();
  fc.assert(
    fc.property(damaged, (damage) => {
      const folder = folderWith(scratch, damage);
      const outcome = judge(() => History.reopen(folder, CAPACITY));
      expect(judge(() => beginAnew(folder, [5])).kind).toBe('accepted');
      if (outcome.kind === 'refused') return;
      const history = outcome.result;
      try {
        const followed = judge(() => follow(history));
        if (followed.kind === 'refused') throw followed.error;
      } finally {
        history.close();
      }
    }),
    fuzzRuns(200),
  );
});

/** What a daemon does with a history that it has opened. */
function follow(history: History): void {
  const { streams } = history.ledger.recorded();
  for (const { done } of streams) expect(Number.isSafeInteger(done)).toBe(true);
  history.ledger.settleInFlight();
  expect(history.ledger.recorded().inFlight).toBeUndefined();
  expect(history.start).toBeLessThanOrEqual(history.end);
  expect(history.end - history.start).toBeLessThanOrEqual(CAPACITY);
  history.crashesFrom(0);
  let parts = 0;
  for (let from: number | undefined = 0; from !== undefined; parts += 1) {
    const { times, sizes, next } = history.timeline(from);
    const told = {
      times: times.map(({ offset, timeMs }) => [offset, timeMs]),
      sizes,
      ...(next !== undefined && { next }),
    };
    expect(parseResult('timeline', JSON.parse(JSON.stringify(told)))).toMatchObject({ kind: 'result' });
    for (const { cols, rows } of sizes) expect(Math.min(cols, rows)).toBeGreaterThan(0);
    from = next;
    expect(parts).toBeLessThan(100);
  }
  if (history.end > Number.MAX_SAFE_INTEGER - CAPACITY) return;
  history.noteTime(history.end, 1e6);
  record(history, Buffer.from('and on'));
  history.markCrash();
}

test('a damaged history is refused by the worker with the reason, or shown', () => {
  using scratch = new Scratch();
  fc.assert(
    fc.property(damaged, (damage) => {
      const folder = folderWith(scratch, damage);
      const shown = judge(
        () => {
          using history = new HistoryFile({ folder }, CAPACITY);
          using screen = SessionScreen.begin(emulators, { history, sizeNow: size });
          screen.follow({ history, sizeNow: size });
          return screen.size;
        },
        { memoryBytes: 64 * 1024 * 1024 },
      );
      if (shown.kind === 'refused') return;
      expect(Math.min(shown.result.cols, shown.result.rows)).toBeGreaterThan(0);
      expect(Math.max(shown.result.cols, shown.result.rows)).toBeLessThanOrEqual(4_096);
    }),
    fuzzRuns(100),
  );
});
