import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { FLEET_LIMITS } from '../limits.ts';
import { encodeCount, encodeMessage, KIND } from '../tunnel/message.ts';
import { Tunnel } from '../tunnel/tunnel.ts';
import { Pace } from './pace.ts';

test('one who grants and grants has a host keep no more than its servers may leave untaken, and gets all when they have taken it', async () => {
  let takenBytes = 0;
  let sentBytes = 0;
  const flushed: (() => void)[] = [];
  const pace = new Pace(() => new Promise((resolve) => flushed.push(resolve)));
  const tunnel = new Tunnel({
    peerWindowBytes: FLEET_LIMITS.peerWindowBytes,
    send: (message) => {
      sentBytes += message.length;
      pace.sent(message.length);
    },
    isFree: (goOn) => pace.isFree(goOn),
  });
  const bytes = 10 * FLEET_LIMITS.untakenBytes;
  tunnel.write(randomBytes(bytes));
  let places = 0;
  while (tunnel.writableLength > 0) {
    for (let count = 0; count < 100; count += 1) {
      tunnel.receive(encodeMessage(KIND.GRANT, places, encodeCount(2 ** 47)));
      places += 1;
    }
    expect(sentBytes - takenBytes).toBeLessThan(FLEET_LIMITS.untakenBytes * 1.3);
    takenBytes = sentBytes;
    for (const done of flushed.splice(0)) done();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sentBytes).toBeGreaterThan(bytes);
  tunnel.destroy();
});

test('what a lost connection kept holds nobody back', async () => {
  const pace = new Pace(() => Promise.reject(new Error('the connection is lost')));
  let goneOn = 0;
  pace.sent(2 * FLEET_LIMITS.untakenBytes);
  expect(pace.isFree(() => (goneOn += 1))).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(goneOn).toBe(1);
  expect(pace.isFree(() => undefined)).toBe(true);
});
