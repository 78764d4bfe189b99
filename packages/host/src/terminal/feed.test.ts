import { setImmediate as nextTurn } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import type { Client, SubscribeOptions } from '@holdfast/client';
import { median } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { Feed } from './feed.ts';

const MIB = 1024 * 1024;
/** So much it keeps, and a quarter more until it drops what is oldest. */
const KEPT_BYTES = 1.25 * MIB;

/** What is in use once all garbage is collected: also what promises that are settled have held until then. */
async function bytesInUse(): Promise<number> {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  for (let times = 0; times < 3; times += 1) {
    await nextTurn();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A feed, and what gives it output. */
function newFeed(): { feed: Feed; output: (bytes: Uint8Array) => void } {
  let options: SubscribeOptions | undefined;
  const subscription = { offset: 0, close: () => Promise.resolve() };
  const client = {
    subscribe: (_session: string, given: SubscribeOptions) => {
      options = given;
      return Promise.resolve(subscription);
    },
  };
  const feed = new Feed(client as unknown as Client, 'session');
  let offset = 0;
  const output = (bytes: Uint8Array) => {
    options?.onData?.(bytes, offset);
    offset += bytes.length;
  };
  return { feed, output };
}

/** The most that a feed takes while it is given output in pieces of a length. */
async function bytesTaken(length: number): Promise<number> {
  const piece = new Uint8Array(length).fill(0x61);
  const pieces = Math.min(7_000, Math.ceil((2 * KEPT_BYTES) / length));
  const before = await bytesInUse();
  const { feed, output } = newFeed();
  let most = 0;
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < pieces; count += 1) output(piece);
    most = Math.max(most, await bytesInUse());
  }
  expect(feed.entry(0)).toBe('gone');
  return most - before;
}

// The smallest are what echoes of keys are.
test.each([1, 40, 1_000, 60_000])(
  'output in pieces of %d bytes takes no more memory than it may',
  async (length) => {
    // Code that is compiled meanwhile takes memory, too, and the feed before may be let go of late: not each time.
    const taken: number[] = [];
    for (let times = 0; times < 5; times += 1) taken.push(await bytesTaken(length));
    expect(median(taken)).toBeLessThan(1.2 * KEPT_BYTES);
  },
);
