import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Pool } from './pool.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

class Thing {
  readonly name: string;
  isClosed = false;
  constructor(name: string) {
    this.name = name;
  }
  close(): void {
    this.isClosed = true;
  }
}

function newPool(): Pool<Thing> {
  return new Pool((name) => new Thing(name), { lingerMs: 1_000 });
}

test('a thing is one for all its users, and closed some time after the last has gone', () => {
  const pool = newPool();
  const first = pool.use('a');
  const second = pool.use('a');
  expect(second.thing).toBe(first.thing);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  vi.advanceTimersByTime(5_000);
  expect(second.thing.isClosed).toBe(false);
  second[Symbol.dispose]();
  vi.advanceTimersByTime(999);
  expect(second.thing.isClosed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(second.thing.isClosed).toBe(true);
  expect(pool.count()).toBe(0);
});

test('who comes back in time finds it as it was, and later another one', () => {
  const pool = newPool();
  const before = pool.use('a');
  before[Symbol.dispose]();
  vi.advanceTimersByTime(999);
  const back = pool.use('a');
  expect(back.thing).toBe(before.thing);
  vi.advanceTimersByTime(5_000);
  expect(back.thing.isClosed).toBe(false);
  back[Symbol.dispose]();
  vi.advanceTimersByTime(1_000);
  expect(pool.use('a').thing).not.toBe(before.thing);
});

test('to make room, what nobody has used for the longest goes first, and what is used stays', () => {
  const pool = newPool();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => pool.use(name));
  expect(pool.closeIdle()).toBe(false);
  b?.[Symbol.dispose]();
  a?.[Symbol.dispose]();
  expect(pool.closeIdle(({ name }) => name === 'c')).toBe(false);
  expect(pool.closeIdle()).toBe(true);
  expect([a, b, c].map((use) => use?.thing.isClosed)).toEqual([false, true, false]);
  expect(pool.closeIdle(({ name }) => name !== 'b')).toBe(true);
  expect([a, b, c].map((use) => use?.thing.isClosed)).toEqual([true, true, false]);
  pool.close();
  expect(c?.thing.isClosed).toBe(true);
});
