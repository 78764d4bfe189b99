import { expect, test } from 'vitest';
import { numbered, record, recordedBytes } from '../../test/kit/histories.ts';
import { holdings } from '../../test/kit/holdings.ts';
import { Scratch } from '../../test/kit/scratch.ts';
import { History } from '../history/history.ts';
import { PreparedHistories } from './prepared-histories.ts';

const CAPACITY = 20_000;

function place(id: string) {
  return { id, historyIn: 'disk' as const, historyBytes: CAPACITY };
}

function preparedIn(scratch: Scratch): PreparedHistories {
  return new PreparedHistories(({ id, historyBytes }) => History.reopen(scratch.path(id), historyBytes));
}

test('what is recorded after a history was prepared is there when it is taken, marks too', () => {
  using scratch = new Scratch();
  const written = History.create(scratch.path('one'), CAPACITY);
  written.marks.size(0, 80, 24);
  const prepared = preparedIn(scratch);
  prepared.prepare([place('one')]);
  record(written, numbered(0, 50_000));
  written.marks.size(50_000, 100, 30);
  const taken = prepared.take(place('one'));
  expect([taken.start, taken.end]).toEqual([30_000, 50_000]);
  expect(recordedBytes(taken, 30_000, 50_000).equals(numbered(30_000, 20_000))).toBe(true);
  // Goes on behind them.
  record(taken, numbered(50_000, 1_000));
  taken.marks.size(51_000, 120, 40);
  const again = History.reopen(scratch.path('one'), CAPACITY);
  expect(again.end).toBe(51_000);
  expect(again.marks.all().map(({ offset }) => offset)).toEqual([0, 50_000, 51_000]);
  for (const history of [written, taken, again]) history.close();
});

test('one that came later is opened when it is taken; one that was damaged meanwhile, or is not there, is refused', () => {
  using scratch = new Scratch();
  const prepared = preparedIn(scratch);
  expect(prepared.prepare([place('later')])).toEqual(['later']);
  const later = History.create(scratch.path('later'), CAPACITY);
  record(later, numbered(0, 10));
  const taken = prepared.take(place('later'));
  expect(taken.end).toBe(10);
  prepared.prepare([place('later')]);
  later.ledger.recordEnd(-1);
  expect(() => prepared.take(place('later'))).toThrow(/ledger is damaged/);
  expect(() => prepared.take(place('never'))).toThrow(/ENOENT/);
  for (const history of [later, taken]) history.close();
});

test('what was prepared and is not taken is closed', () => {
  using scratch = new Scratch();
  const before = holdings();
  History.create(scratch.path('one'), CAPACITY).close();
  History.create(scratch.path('two'), CAPACITY).close();
  const prepared = preparedIn(scratch);
  prepared.prepare([place('one'), place('two'), place('never')]);
  expect(holdings()).not.toEqual(before);
  prepared.take(place('one')).close();
  prepared.dispose();
  expect(holdings()).toEqual(before);
});
