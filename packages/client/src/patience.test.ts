import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

test('pauses double from 10 ms to 1 s, and end when the outage has lasted too long', () => {
  let now = 0;
  const patience = new Patience({ giveUpAfterMs: 5_000, now: () => now });
  const delays: number[] = [];
  for (let delay = patience.nextDelayMs(); delay !== undefined; delay = patience.nextDelayMs()) {
    delays.push(delay);
    now += delay;
  }
  expect(delays.slice(0, 8)).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000]);
  expect(Math.max(...delays)).toBe(1_000);
  expect(now).toBe(5_000);
});

test('a daemon that greets and fails each time is one single outage', () => {
  let now = 0;
  const patience = new Patience({ giveUpAfterMs: 1_000, now: () => now });
  let attempts = 0;
  for (let delay = patience.nextDelayMs(); delay !== undefined; delay = patience.nextDelayMs()) {
    now += delay;
    attempts += 1;
    patience.connected();
  }
  expect(attempts).toBeLessThan(10);
});

test('an outage is over once a connection has brought something, or has lasted', () => {
  let now = 0;
  const patience = new Patience({ giveUpAfterMs: 1_000, now: () => now });
  patience.nextDelayMs();
  patience.nextDelayMs();
  patience.connected();
  patience.proven();
  expect(patience.remainingMs()).toBeUndefined();
  expect(patience.nextDelayMs()).toBe(10);
  patience.connected();
  now += 10_000;
  expect(patience.nextDelayMs()).toBe(10);
  expect(patience.remainingMs()).toBe(1_000);
});
