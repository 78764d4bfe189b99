import { expect, test } from 'vitest';
import { PlayClock } from './play-clock.ts';

test('events are due one after the other, however late each was shown', () => {
  const clock = new PlayClock({ speed: 1, idleLimit: undefined }, 0);
  clock.follow(1);
  expect(clock.msLeft(300)).toBe(700);
  clock.follow(1);
  expect(clock.msLeft(1_100)).toBe(900);
});

test('a pause of the recording is cut before it is sped up', () => {
  const clock = new PlayClock({ speed: 2, idleLimit: 3 }, 0);
  clock.follow(100);
  expect(clock.msLeft(0)).toBe(1_500);
});

test('while it stands still no time passes', () => {
  const clock = new PlayClock({ speed: 1, idleLimit: undefined }, 0);
  clock.follow(1);
  clock.toggle(400);
  expect(clock.isPaused).toBe(true);
  clock.toggle(10_000);
  expect(clock.isPaused).toBe(false);
  expect(clock.msLeft(10_000)).toBe(600);
});

test('behind a step, the next event comes as much later as it did', () => {
  const clock = new PlayClock({ speed: 1, idleLimit: undefined }, 0);
  clock.follow(1);
  clock.toggle(400);
  clock.step(5_000);
  clock.follow(2);
  clock.toggle(6_000);
  expect(clock.msLeft(6_000)).toBe(2_000);
});
