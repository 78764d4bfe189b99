import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { History } from '../history/history.ts';
import type { Followed, FollowRequest } from '../screen/messages.ts';
import { Following } from './following.ts';

const CAPACITY = 64 * 1024;

/** The output of a session, and a worker that answers when it is told to. */
class Scene {
  readonly history = { end: 0, capacity: CAPACITY };
  readonly asked: FollowRequest['follow'][] = [];
  nowMs = 1_000;
  readonly #following: Following;
  #answer: { resolve(followed: Followed): void; reject(error: Error): void } | undefined;

  constructor(end = 0) {
    this.history.end = end;
    const follow = (how: FollowRequest['follow']) => {
      this.asked.push(how);
      return new Promise<Followed>((resolve, reject) => (this.#answer = { resolve, reject }));
    };
    this.#following = new Following({ history: this.history as History, follow });
  }

  write(byteCount: number): number {
    this.history.end += byteCount;
    vi.spyOn(performance, 'now').mockReturnValue(this.nowMs);
    this.#following.outputGrew(this.nowMs);
    return this.asked.length;
  }

  async answer(followed: Partial<Followed> = {}): Promise<void> {
    this.#answer?.resolve({
      offset: this.history.end,
      isBehind: false,
      hasMore: false,
      tookMs: 1,
      ...followed,
    });
    await new Promise(setImmediate);
  }

  async fail(): Promise<void> {
    this.#answer?.reject(new Error('no screen can be made'));
    await new Promise(setImmediate);
  }
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => void vi.restoreAllMocks());

test('each half history is shown, once at a time, and nothing is asked where nothing is written', async () => {
  expect(scene.write(CAPACITY / 2 - 1)).toBe(0);
  expect(scene.write(1)).toBe(1);
  expect(scene.write(CAPACITY / 2 - 1)).toBe(1);
  await scene.answer({ offset: CAPACITY / 2 });
  expect(scene.write(1)).toBe(2);
  scene.write(CAPACITY / 2);
  await scene.answer({ offset: CAPACITY });
  // What came meanwhile, though nothing more does.
  expect(scene.asked).toHaveLength(3);
  await scene.answer();
  expect(scene.asked).toMatchObject([{ isFlood: false }, { isFlood: false }, { isFlood: false }]);
});

test('a successor asks after a quarter: its predecessor may have been about to', () => {
  scene = new Scene(10 * CAPACITY);
  expect(scene.write(CAPACITY / 4 - 1)).toBe(0);
  expect(scene.write(1)).toBe(1);
});

test('a screen that is behind costs a twentieth of the time, and takes of a flood what it sets until that is slower', async () => {
  scene.write(CAPACITY / 2);
  await scene.answer({ isBehind: true, tookMs: 2 });
  scene.nowMs += 39;
  expect(scene.write(CAPACITY * 10)).toBe(1);
  scene.nowMs += 1;
  expect(scene.write(1)).toBe(2);
  expect(scene.asked.at(-1)).toMatchObject({ isFlood: true });
  await scene.answer({ isBehind: true, tookMs: 2 });
  scene.nowMs += 100;
  expect(scene.write(CAPACITY)).toBe(3);
  expect(scene.asked.at(-1)).toMatchObject({ isFlood: false });
});

test('where no screens can be made it is asked again after a minute', async () => {
  scene.write(CAPACITY);
  await scene.fail();
  expect(scene.write(CAPACITY)).toBe(1);
  scene.nowMs += 60_000;
  expect(scene.write(1)).toBe(2);
});

test('what is shown in pieces is asked for until there is no more, though nothing is written', async () => {
  scene.write(CAPACITY / 2);
  await scene.answer({ offset: 10_000, hasMore: true });
  expect(scene.asked).toHaveLength(2);
  // What comes meanwhile waits for its turn.
  scene.write(100);
  await scene.answer({ offset: 20_000, hasMore: true });
  await scene.answer({ offset: CAPACITY / 2 });
  const upTo = CAPACITY / 2;
  expect(scene.asked).toEqual([
    { isFlood: false, upTo, goesOn: false },
    { isFlood: false, upTo, goesOn: true },
    { isFlood: false, upTo, goesOn: true },
  ]);
});
