import type { Exit } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { FakeClock } from '../../test/kit/fake-clock.ts';
import { ExitWatch } from './exit-watch.ts';

type Told = Exit | 'running' | 'unknown';

/** A program of which the kernel tells `kernel`, and what came of it. */
function watched({ tellsEnd = true, tellsExits = true } = {}) {
  const clock = new FakeClock();
  const ends: Exit[] = [];
  const terminal = { tellsEnd, exit: (): Told => scene.kernel };
  const surroundings = {
    clock,
    keeper: { tellsExits },
    terminal: () => (ends.length > 0 ? undefined : terminal),
    ended: (exit: Exit) => ends.push(exit),
  };
  const watch = new ExitWatch(99, surroundings);
  const scene = {
    clock,
    ends,
    watch,
    kernel: 'running' as Told,
    [Symbol.dispose]: () => clock[Symbol.dispose](),
  };
  return scene;
}

test('of a program that still runs nothing is told', () => {
  using scene = watched();
  scene.watch.check();
  expect(scene.ends).toEqual([]);
});

test('what the kernel knows is told at once', () => {
  using scene = watched();
  scene.kernel = { code: 3 };
  scene.watch.check();
  expect(scene.ends).toEqual([{ code: 3 }]);
});

test('what the kernel does not tell is lost where no keeper could', () => {
  using scene = watched({ tellsExits: false });
  scene.kernel = 'unknown';
  scene.watch.check();
  expect(scene.ends).toEqual([{ lost: true }]);
});

test("the keeper's word is waited for, and counts", () => {
  using scene = watched();
  scene.kernel = 'unknown';
  scene.watch.check();
  scene.clock.pass(1_999);
  expect(scene.ends).toEqual([]);
  scene.watch.told({ signal: 'SIGKILL' });
  scene.clock.pass(10_000);
  expect(scene.ends).toEqual([{ signal: 'SIGKILL' }]);
});

test('a keeper that says nothing is waited for only so long, however often it is looked', () => {
  using scene = watched();
  scene.kernel = 'unknown';
  scene.watch.check();
  scene.clock.pass(1_000);
  scene.watch.check();
  scene.clock.pass(1_000);
  expect(scene.ends).toEqual([{ lost: true }]);
});

test('where nobody tells of the end it is asked for until it is there', () => {
  using scene = watched({ tellsEnd: false });
  scene.watch.start();
  scene.clock.pass(2_000);
  scene.kernel = { code: 0 };
  scene.clock.pass(500);
  expect(scene.ends).toEqual([{ code: 0 }]);
  scene.clock.pass(500);
  expect(scene.clock.armed).toBe(0);
});

test('where somebody tells of it nobody asks', () => {
  using scene = watched();
  scene.kernel = { code: 0 };
  scene.watch.start();
  scene.watch.childEnded();
  expect(scene.ends).toEqual([]);
  expect(scene.clock.armed).toBe(0);
});
