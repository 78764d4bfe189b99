import { createHash, randomBytes } from 'node:crypto';
import { finished, pipeline } from 'node:stream/promises';
import { describe, expect, test, vi } from 'vitest';
import { FLEET_LIMITS } from '../limits.ts';
import { encodeCount, encodeMessage, KIND } from './message.ts';
import { Tunnel } from './tunnel.ts';

/** Two ends, and what lies between: messages arrive later, in order, unless `isLost` says otherwise. */
function tunnelPair(isLost: (count: number) => boolean = () => false): {
  near: Tunnel;
  far: Tunnel;
  sent: number[];
} {
  let count = 0;
  const sent: number[] = [];
  const end = (other: () => Tunnel) =>
    new Tunnel({
      peerWindowBytes: FLEET_LIMITS.windowBytes,
      send: (message) => {
        count += 1;
        sent.push(message.length);
        if (!isLost(count)) setImmediate(() => other().receive(message));
      },
    });
  const near: Tunnel = end(() => far);
  const far: Tunnel = end(() => near);
  return { near, far, sent };
}

describe('a tunnel', () => {
  test('carries bytes exactly, in both directions, and ends behind the last one', async () => {
    const { near, far } = tunnelPair();
    const bytes = randomBytes(5_000_000);
    const hash = createHash('sha256');
    far.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      far.write(chunk.subarray(0, 10));
    });
    let answered = 0;
    near.on('data', (chunk: Buffer) => {
      answered += chunk.length;
    });
    await pipeline([bytes], near, { end: true });
    await finished(far);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(answered).toBeGreaterThan(0);
    near.destroy();
  });

  test('has no more under way than its window while nobody reads', async () => {
    const { near, far, sent } = tunnelPair();
    near.write(randomBytes(4 * FLEET_LIMITS.windowBytes));
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const underWay = sent.reduce((sum, length) => sum + length, 0);
    expect(underWay).toBeGreaterThan(FLEET_LIMITS.windowBytes / 2);
    // With what says so in front of each message.
    expect(underWay).toBeLessThan(FLEET_LIMITS.windowBytes + sent.length * 16);
    near.destroy();
    far.destroy();
  });

  test.for([1, 2, 20, 50])(
    'breaks where message %i was lost, and hands on nothing from behind it',
    async (lost) => {
      const { near, far } = tunnelPair((count) => count === lost);
      const bytes = randomBytes(6_000_000);
      const got: Buffer[] = [];
      far.on('data', (chunk: Buffer) => got.push(chunk));
      near.on('error', () => undefined);
      near.resume();
      near.write(bytes);
      near.end();
      await expect(finished(far)).rejects.toThrow('a message was lost on the way');
      const whole = Buffer.concat(got);
      expect(whole.length).toBeLessThan(bytes.length);
      expect(bytes.subarray(0, whole.length).equals(whole)).toBe(true);
      near.destroy();
    },
  );

  test('whose other end has closed keeps what has come until it is read', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      const { near, far } = tunnelPair();
      near.resume();
      near.end(randomBytes(300_000));
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      vi.advanceTimersByTime(3 * FLEET_LIMITS.silenceMs);
      let got = 0;
      far.on('data', (chunk: Buffer) => {
        got += chunk.length;
      });
      await finished(far);
      expect(got).toBe(300_000);
    } finally {
      vi.useRealTimers();
    }
  });

  test('ends at once when the other end closes, whatever was still to be sent', async () => {
    const { near, far } = tunnelPair();
    near.resume();
    near.write(randomBytes(4 * FLEET_LIMITS.windowBytes));
    far.on('error', () => undefined);
    setImmediate(() => far.destroy());
    const began = performance.now();
    await new Promise((resolve) => near.once('close', resolve));
    expect(performance.now() - began).toBeLessThan(FLEET_LIMITS.beatMs);
  });

  test('sends no more than a window at once, whatever is granted', () => {
    let sentBytes = 0;
    const tunnel = new Tunnel({
      peerWindowBytes: 1_000,
      send: (message) => {
        sentBytes += message.length;
      },
    });
    tunnel.write(randomBytes(1_000_000));
    tunnel.receive(encodeMessage(KIND.GRANT, 0, encodeCount(2 ** 47)));
    expect(sentBytes).toBeGreaterThan(2_000);
    expect(sentBytes).toBeLessThan(2_100);
    tunnel.destroy();
  });

  test('breaks where more is sent than was granted', () => {
    const tunnel = new Tunnel({ send: () => undefined, peerWindowBytes: 1 });
    const greedy: Uint8Array[] = [];
    const other = new Tunnel({ send: (message) => greedy.push(message), peerWindowBytes: 10_000_000 });
    other.write(randomBytes(FLEET_LIMITS.windowBytes + 1));
    let why = '';
    tunnel.on('error', (error) => {
      why = error.message;
    });
    for (const message of greedy) tunnel.receive(message);
    expect(tunnel.destroyed).toBe(true);
    other.destroy();
    return new Promise<void>((resolve) => {
      tunnel.on('close', () => {
        expect(why).toContain('more was sent than was granted');
        resolve();
      });
    });
  });
});
