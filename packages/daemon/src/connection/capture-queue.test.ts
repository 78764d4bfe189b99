import { LIMITS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { CaptureQueue } from './capture-queue.ts';

/** Captures that end when they are told to. */
class Captures {
  readonly begun: number[] = [];
  readonly #ends: ((fails: boolean) => void)[] = [];

  add(queue: CaptureQueue): Promise<number> {
    const number = this.#ends.length;
    const made = new Promise<number>((resolve, reject) => {
      this.#ends.push((fails) => (fails ? reject(new Error('no screen')) : resolve(number)));
    });
    return queue.add(() => {
      this.begun.push(number);
      return made;
    });
  }

  end(number: number, fails = false): void {
    this.#ends[number]?.(fails);
  }
}

test('one is made at a time, in their order, whether the last one succeeds or fails', async () => {
  const queue = new CaptureQueue(() => true);
  const captures = new Captures();
  const [first, second, third] = [captures.add(queue), captures.add(queue), captures.add(queue)];
  expect(captures.begun).toEqual([0]);
  captures.end(0, true);
  await expect(first).rejects.toThrow('no screen');
  await expect.poll(() => captures.begun).toEqual([0, 1]);
  captures.end(1);
  await expect(second).resolves.toBe(1);
  await expect.poll(() => captures.begun).toEqual([0, 1, 2]);
  captures.end(2);
  await expect(third).resolves.toBe(2);
});

test('none is begun as long as the last answer is not taken, or once it is closed', async () => {
  let mayGoOn = false;
  const queue = new CaptureQueue(() => mayGoOn);
  const captures = new Captures();
  void captures.add(queue);
  void captures.add(queue);
  expect(captures.begun).toEqual([]);
  mayGoOn = true;
  queue.goOn();
  expect(captures.begun).toEqual([0]);
  queue.close();
  captures.end(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(captures.begun).toEqual([0]);
});

test('so many may wait, and no more', async () => {
  const queue = new CaptureQueue(() => false);
  const captures = new Captures();
  for (let count = 0; count < LIMITS.capturesPerClient; count += 1) void captures.add(queue);
  await expect(captures.add(queue)).rejects.toMatchObject({ code: 'E_LIMIT' });
});
