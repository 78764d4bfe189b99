import type { Snapshot } from '@holdfast/client';
import { HoldfastError } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { FeedScreens } from './feed-screens.ts';

/** Output that goes on while screens are made: what is kept of it, and who waits for what comes. */
class Output {
  readonly made: ((snapshot: Snapshot | Error) => void)[] = [];
  readonly screens: FeedScreens;
  start = 0;
  #end = 0;
  readonly #waiting: { offset: number; resolve: () => void }[] = [];

  constructor() {
    this.screens = new FeedScreens({
      make: () =>
        new Promise((resolve, reject) => {
          this.made.push((what) => (what instanceof Error ? reject(what) : resolve(what)));
        }),
      reaches: (offset) =>
        new Promise((resolve) => {
          this.#waiting.push({ offset, resolve });
          this.comesTo(this.#end);
        }),
      has: (offset) => offset >= this.start && offset <= this.#end,
    });
  }

  comesTo(end: number): void {
    this.#end = end;
    for (const { offset, resolve } of this.#waiting) if (offset <= end) resolve();
  }
}

function snapshot(offset: number): Snapshot {
  const bytes = Buffer.from(`screen at ${offset} 世`);
  const cursor = { x: 0, y: 0, hidden: false };
  return { offset, cols: 80, rows: 24, bytes, cursor, alternate: false, incomplete: ['crash'] };
}

/** Lets all go on that can. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

test('all who ask while a screen is made get that one, encoded once; who asks then gets another', async () => {
  const { screens, made } = new Output();
  const [one, other] = [screens.next(), screens.next()];
  expect(made).toHaveLength(1);
  expect(screens.isMaking).toBe(true);
  made[0]?.(snapshot(0));
  expect((await one)?.message).toBe((await other)?.message);
  expect(JSON.parse(String((await one)?.message))).toEqual({
    type: 'screen',
    offset: 0,
    cols: 80,
    rows: 24,
    incomplete: ['crash'],
    text: 'screen at 0 世',
  });
  expect(screens.isMaking).toBe(false);
  const next = screens.next();
  expect(made).toHaveLength(2);
  made[1]?.(snapshot(0));
  expect((await next)?.message).not.toBe((await one)?.message);
});

test('a screen that is ahead of the output is given when that has come, and not before', async () => {
  const output = new Output();
  let given = false;
  const asked = output.screens.next().then((screen) => {
    given = true;
    return screen;
  });
  output.made[0]?.(snapshot(100));
  output.comesTo(99);
  await turns();
  expect(given).toBe(false);
  output.comesTo(100);
  expect((await asked)?.offset).toBe(100);
});

test('a screen whose output is not kept any more is made again, but not without end', async () => {
  const output = new Output();
  const asked = output.screens.next();
  output.comesTo(1_000);
  output.start = 500;
  output.made[0]?.(snapshot(10));
  await turns();
  output.made[1]?.(snapshot(500));
  expect((await asked)?.offset).toBe(500);
  const never = output.screens.next();
  for (let attempt = 2; attempt < 7; attempt += 1) {
    output.made[attempt]?.(snapshot(10));
    await turns();
  }
  expect(await never).toBeUndefined();
  expect(output.made).toHaveLength(7);
});

test('where the daemon has none to give there is none, and the next who asks may get one', async () => {
  const { screens, made } = new Output();
  const asked = screens.next();
  made[0]?.(new HoldfastError('E_TIMEOUT', 'it takes too long'));
  expect(await asked).toBeUndefined();
  const next = screens.next();
  made[1]?.(snapshot(0));
  expect((await next)?.offset).toBe(0);
});

test('what is no error of the daemon is not hidden', async () => {
  const { screens, made } = new Output();
  const asked = screens.next();
  made[0]?.(new TypeError('a fault'));
  await expect(asked).rejects.toThrow('a fault');
});
