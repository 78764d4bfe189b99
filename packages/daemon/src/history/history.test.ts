import fc from 'fast-check';
import fs from 'node:fs';
import { duplicate } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { numbered, record, recordedBytes } from '../../test/kit/histories.ts';
import { holdings } from '../../test/kit/holdings.ts';
import { Scratch } from '../../test/kit/scratch.ts';
import { History } from './history.ts';
import { READ_BYTES } from './ring.ts';

const appends = fc.array(fc.integer({ min: 1, max: READ_BYTES }), { maxLength: 60 });
const capacity = fc.integer({ min: 1, max: 40_000 });

test('a history keeps exactly its newest bytes, across the seam and across a crash', () => {
  fc.assert(
    fc.property(capacity, appends, appends, (capacity, before, after) => {
      using scratch = new Scratch();
      let history = History.create(scratch.folder, capacity);
      let written = Buffer.alloc(0);
      const append = (lengths: number[]) => {
        for (const length of lengths) {
          const bytes = numbered(written.length, length);
          record(history, bytes);
          written = Buffer.concat([written, bytes]);
          expect(history.end).toBe(written.length);
          expect(history.start).toBe(Math.max(0, written.length - capacity));
        }
      };
      const check = () => {
        for (const from of [history.start, Math.floor((history.start + history.end) / 2), history.end]) {
          expect(recordedBytes(history, from, history.end).equals(written.subarray(from))).toBe(true);
        }
      };
      append(before);
      check();
      history.close();
      history = History.reopen(scratch.folder, capacity);
      expect(history.end).toBe(written.length);
      check();
      append(after);
      check();
      history.close();
    }),
    { numRuns: 60 },
  );
});

test('any stretch that is kept is contiguous while the next read is under way', () => {
  fc.assert(
    fc.property(capacity, appends, fc.nat(), fc.nat(), (capacity, lengths, one, other) => {
      const history = History.withoutFiles(capacity);
      for (const length of lengths) record(history, numbered(history.end, length));
      const { start, end } = history;
      // A read writes behind the end before it is counted.
      const address = history.writeAddress;
      record(history, Buffer.alloc(READ_BYTES, 0xee));
      const kept = end - start;
      const from = start + (one % (kept + 1));
      const to = from + (other % (end - from + 1));
      expect(recordedBytes(history, from, to).equals(numbered(from, to - from))).toBe(true);
      expect(history.writeAddress === address).toBe(false);
      history.close();
    }),
    { numRuns: 60 },
  );
});

test('a history without files works as one with', () => {
  const history = History.withoutFiles(10_000);
  record(history, numbered(0, 25_000));
  expect([history.start, history.end]).toEqual([15_000, 25_000]);
  expect(recordedBytes(history, 15_000, 25_000).equals(numbered(15_000, 10_000))).toBe(true);
  history.close();
});

test('a history whose files are gone goes on in memory, and can be handed over', () => {
  using scratch = new Scratch();
  const before = holdings();
  const history = History.create(scratch.path('one'), 10_000);
  history.marks.size(0, 80, 24);
  record(history, numbered(0, 25_000));
  fs.rmSync(scratch.path('one'), { recursive: true });
  const end = history.writeAddress;
  history.leaveFiles();
  expect(history.writeAddress).toBe(end);
  record(history, numbered(25_000, 7_000));
  history.marks.size(32_000, 100, 30);
  const { ledger = -1, marks = -1, ring = -1 } = history.descriptors ?? {};
  const shared = { ledger: duplicate(ledger), marks: duplicate(marks), ring: duplicate(ring) };
  const successor = History.adopt(shared, 10_000);
  for (const one of [history, successor]) {
    expect([one.start, one.end]).toEqual([22_000, 32_000]);
    expect(recordedBytes(one, 22_000, 32_000).equals(numbered(22_000, 10_000))).toBe(true);
    expect(one.marks.all().map(({ offset }) => offset)).toEqual([0, 32_000]);
  }
  for (const one of [history, successor]) one.close();
  expect(holdings()).toEqual(before);
});

test('its files are for the user only', () => {
  using scratch = new Scratch();
  const folder = scratch.path('new', 'folder');
  History.create(folder, 65_536).close();
  expect(fs.readdirSync(folder).toSorted()).toEqual(['ledger', 'marks', 'ring', 'times']);
  for (const name of fs.readdirSync(folder)) {
    expect(fs.statSync(`${folder}/${name}`).mode & 0o777).toBe(0o600);
  }
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
});

interface Damage {
  what: string;
  file: 'ledger' | 'marks' | 'ring';
  damage: (path: string) => void;
  refusal: RegExp;
}

const overwrite = (at: number, bytes: number[]) => (path: string) => {
  const fd = fs.openSync(path, 'r+');
  fs.writeSync(fd, Buffer.from(bytes), 0, bytes.length, at);
  fs.closeSync(fd);
};
const cut = (byteCount: number) => (path: string) => fs.truncateSync(path, byteCount);
const all = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

test.each<Damage>([
  { what: 'another magic', file: 'ledger', damage: overwrite(0, [1]), refusal: /ledger is damaged/ },
  {
    what: 'nothing but zeros',
    file: 'ledger',
    damage: overwrite(0, [0, 0, 0, 0]),
    refusal: /ledger is damaged/,
  },
  { what: 'a later schema', file: 'ledger', damage: overwrite(4, [9]), refusal: /ledger has schema 9/ },
  {
    what: 'an end beyond all numbers',
    file: 'ledger',
    damage: overwrite(8, all),
    refusal: /ledger is damaged/,
  },
  { what: 'half its size', file: 'ledger', damage: cut(2_048), refusal: /ledger has 2048 bytes/ },
  { what: 'no bytes', file: 'ledger', damage: cut(0), refusal: /ledger has 0 bytes/ },
  { what: 'another magic', file: 'marks', damage: overwrite(0, [1]), refusal: /marks are damaged/ },
  { what: 'a later schema', file: 'marks', damage: overwrite(4, [2]), refusal: /marks have schema 2/ },
  {
    what: 'a count beyond all numbers',
    file: 'marks',
    damage: overwrite(8, all),
    refusal: /marks are damaged/,
  },
  { what: 'one byte less', file: 'marks', damage: cut(65_535), refusal: /marks has 65535 bytes/ },
  { what: 'half its size', file: 'ring', damage: cut(8_192), refusal: /ring has 8192 bytes/ },
  { what: 'been deleted', file: 'ring', damage: (path) => fs.rmSync(path), refusal: /ENOENT.*ring/ },
  { what: 'been deleted', file: 'ledger', damage: (path) => fs.rmSync(path), refusal: /ENOENT.*ledger/ },
])(
  'a $file that has $what is refused, and nothing stays mapped or is mended',
  ({ file, damage, refusal }) => {
    using scratch = new Scratch();
    const history = History.create(scratch.folder, 12_288);
    record(history, numbered(0, 30_000));
    history.close();
    damage(scratch.path(file));
    const before = holdings();
    const left = fs.existsSync(scratch.path(file)) && fs.readFileSync(scratch.path(file));
    expect(() => History.reopen(scratch.folder, 12_288)).toThrow(refusal);
    expect(holdings()).toEqual(before);
    expect(fs.existsSync(scratch.path(file)) && fs.readFileSync(scratch.path(file))).toEqual(left);
  },
);

test('a history of another capacity than its files is refused', () => {
  using scratch = new Scratch();
  History.create(scratch.folder, 65_536).close();
  expect(() => History.reopen(scratch.folder, 131_072)).toThrow(/ring has 69632 bytes and not 135168/);
});

test('histories in files hold no descriptor while open, and none holds anything once closed', () => {
  using scratch = new Scratch();
  const before = holdings();
  const histories = Array.from({ length: 20 }, (_, index) =>
    History.create(scratch.path(String(index)), 65_536),
  );
  expect(holdings().descriptors).toBe(before.descriptors);
  histories.push(History.withoutFiles(65_536));
  // Nothing but its descriptors could give it to a successor.
  expect(holdings().descriptors).toBe(before.descriptors + 3);
  expect(holdings().mappings).toBeGreaterThan(before.mappings);
  for (const history of histories) history.close();
  expect(holdings()).toEqual(before);
});

test('a history that finds no room leaves no mapping', () => {
  using scratch = new Scratch();
  const before = holdings();
  // More than any file system holds.
  expect(() => History.create(scratch.folder, 2 ** 50)).toThrow(/ENOSPC|EFBIG|ENOMEM/);
  expect(holdings()).toEqual(before);
});

test('it tells the time of output beside files finely, also after it was opened again, and else coarsely', () => {
  using scratch = new Scratch();
  const note = (history: History): number[] => {
    for (let ms = 0; ms < 500; ms += 100) {
      history.noteTime(history.end, ms);
      history.append(10);
    }
    return history.timeline(0).times.map(({ offset }) => offset);
  };
  const history = History.create(scratch.path('history'), 65_536);
  // The first is in the marks, too.
  expect([...new Set(note(history))]).toEqual([0, 10, 20, 30, 40]);
  history.close();
  const again = History.reopen(scratch.path('history'), 65_536);
  expect([...new Set(again.timeline(0).times.map(({ offset }) => offset))]).toEqual([0, 10, 20, 30, 40]);
  again.close();
  const withoutFiles = History.withoutFiles(65_536);
  expect(note(withoutFiles)).toEqual([0]);
  withoutFiles.close();
});

test('one without times, of an earlier daemon, gets them; damaged ones begin anew', () => {
  using scratch = new Scratch();
  History.create(scratch.path('history'), 65_536).close();
  const times = scratch.path('history', 'times');
  const { size } = fs.statSync(times);
  for (const damage of [
    () => fs.rmSync(times),
    () => fs.writeFileSync(times, 'x'),
    () => fs.writeFileSync(times, Buffer.alloc(size, 1)),
  ]) {
    damage();
    const history = History.reopen(scratch.path('history'), 65_536);
    history.noteTime(0, 0);
    history.append(1);
    expect(history.timeline(0).times[0]?.offset).toBe(0);
    history.close();
    expect(fs.statSync(times).size).toBe(size);
  }
});
