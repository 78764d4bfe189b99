import type { Event } from '@holdfast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { History } from '../history/history.ts';
import type { Lifecycle } from './lifecycle.ts';
import { Subscription } from './subscription.ts';

/** A session of which only the offsets matter: its bytes are whatever the history holds. */
class Scene {
  readonly history: History;
  lifecycle: Lifecycle = { state: 'running' };
  calls = 0;

  constructor(capacity: number) {
    this.history = History.withoutFiles(capacity);
  }

  subscribe(mode: 'viewer' | 'exact', cursor: number, windowBytes?: number): Subscription {
    return new Subscription(this, {
      channel: 7,
      mode,
      readOnly: false,
      viewport: undefined,
      cursor,
      windowBytes,
      sink: { hasOutput: () => (this.calls += 1), finish: () => undefined },
    });
  }

  progressed(): void {}

  grow(byteCount: number): void {
    for (let left = byteCount; left > 0; left -= 4_096) this.history.append(Math.min(left, 4_096));
  }

  exit(): void {
    this.lifecycle = { state: 'exited', exit: { code: 0 } };
  }

  [Symbol.dispose](): void {
    this.history.close();
  }
}

function events(subscription: Subscription): Event[] {
  const all: Event[] = [];
  for (let next = subscription.next(); next; next = subscription.next()) {
    if (next.kind === 'event') all.push(next.event);
  }
  return all;
}

test('a notice comes at its place in the output, and tells the sink', () => {
  using scene = new Scene(1_000_000);
  scene.grow(100);
  const subscription = scene.subscribe('viewer', 0);
  subscription.notify({ event: 'resized', offset: 100, cols: 1, rows: 2 });
  expect(scene.calls).toBe(1);
  scene.grow(50);
  subscription.notify({ event: 'leading', leading: true });
  expect(subscription.next()).toEqual({ kind: 'bytes', offset: 0, length: 100 });
  const resized = { event: 'resized', channel: 7, offset: 100, cols: 1, rows: 2 };
  expect(subscription.next()).toEqual({ kind: 'event', event: resized });
  expect(subscription.next()).toEqual({ kind: 'bytes', offset: 100, length: 50 });
  const leading = { event: 'leading', channel: 7, leading: true };
  expect(subscription.next()).toEqual({ kind: 'event', event: leading });
  expect(subscription.next()).toBeUndefined();
});

test('of too many notices the last size and the last word on leading are told', () => {
  using scene = new Scene(1_000_000);
  const subscription = scene.subscribe('viewer', 0);
  subscription.leadingChanged(true);
  for (let cols = 1; cols <= 500; cols += 1)
    subscription.notify({ event: 'resized', offset: 0, cols, rows: 1 });
  const told = events(subscription);
  expect(told.length).toBeLessThanOrEqual(64);
  expect(told).toContainEqual(expect.objectContaining({ event: 'leading', leading: true }));
  expect(told.at(-1)).toMatchObject({ event: 'resized', cols: 500 });
});

test('a viewer that fell behind goes on near the end, an exact subscriber where the history begins', () => {
  using scene = new Scene(300_000);
  const viewer = scene.subscribe('viewer', 0);
  const exact = scene.subscribe('exact', 0);
  scene.grow(1_000_000);
  expect(viewer.next()).toMatchObject({ event: { event: 'resync', offset: 1_000_000 - 128 * 1024 } });
  expect(exact.next()).toMatchObject({
    event: { event: 'gap', from: 0, to: 700_000, reason: 'evicted' },
  });
  expect([viewer.cursor, exact.cursor]).toEqual([1_000_000 - 128 * 1024, 700_000]);
});

test('a leader that was behind counts again once it has caught up, and not before', () => {
  using scene = new Scene(1_000_000);
  const subscription = scene.subscribe('viewer', 0);
  scene.grow(100_000);
  subscription.isBehind = true;
  subscription.next();
  expect(subscription.isBehind).toBe(true);
  subscription.next();
  expect(subscription.isBehind).toBe(false);
});

const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('grow' as const), byteCount: fc.nat({ max: 150_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('take' as const), count: fc.nat({ max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('notify' as const) }) },
);

test('bytes and what is said to be left out cover the output, in order and without overlap; exited comes last', () => {
  const scenario = fc.record({
    capacity: fc.integer({ min: 4_096, max: 400_000 }),
    mode: fc.constantFrom('viewer' as const, 'exact' as const),
    before: fc.nat({ max: 500_000 }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    acts: fc.array(act, { maxLength: 40 }),
  });
  fc.assert(
    fc.property(scenario, ({ capacity, mode, before, from, acts }) => {
      using scene = new Scene(capacity);
      scene.grow(before);
      const cursor = Math.floor(before * from);
      const subscription = scene.subscribe(mode, cursor);
      const notified: number[] = [];
      let at = cursor;
      let over = 0;
      const take = (): boolean => {
        const { start, end } = scene.history;
        const next = subscription.next();
        if (!next) return false;
        expect(over).toBe(0);
        if (next.kind === 'bytes') {
          expect(next.offset).toBe(at);
          expect(next.offset).toBeGreaterThanOrEqual(start);
          expect(next.length).toBeGreaterThan(0);
          expect(next.length).toBeLessThanOrEqual(65_536);
          at += next.length;
          expect(at).toBeLessThanOrEqual(end);
          // Not past a place at which something is to be told.
          if (notified[0] !== undefined) expect(at).toBeLessThanOrEqual(notified[0]);
        } else if (next.event.event === 'gap') {
          expect(mode).toBe('exact');
          expect(next.event).toMatchObject({ from: at, to: start });
          at = next.event.to;
        } else if (next.event.event === 'resync') {
          expect(mode).toBe('viewer');
          expect(next.event.offset).toBeGreaterThan(at);
          expect(next.event.offset).toBeGreaterThanOrEqual(start);
          at = next.event.offset;
        } else if (next.event.event === 'resized') {
          const offset = notified.shift();
          expect(next.event.offset).toBe(offset);
          // At its place, or after what was left out around it.
          expect(at).toBeGreaterThanOrEqual(next.event.offset);
        } else if (next.event.event === 'exited') {
          over += 1;
          expect(notified).toEqual([]);
          expect(next.event).toMatchObject({ offset: at, exit: { code: 0 } });
        }
        expect(subscription.cursor).toBe(at);
        expect(subscription.isOver).toBe(over === 1);
        return true;
      };
      for (const act of acts) {
        if (act.type === 'grow') scene.grow(act.byteCount);
        else if (act.type === 'take') for (let count = 0; count < act.count; count += 1) take();
        else {
          const offset = scene.history.end;
          notified.push(offset);
          subscription.notify({ event: 'resized', offset, cols: 1, rows: 1 });
        }
      }
      scene.exit();
      while (take());
      expect(at).toBe(scene.history.end);
      expect(over).toBe(1);
      expect(take()).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('a viewer with a window is sent no more than that beyond what it has acknowledged', () => {
  using scene = new Scene(1_000_000);
  scene.grow(1_000);
  const subscription = scene.subscribe('viewer', 0, 300);
  expect(subscription.next()).toEqual({ kind: 'bytes', offset: 0, length: 300 });
  expect(subscription.next()).toBeUndefined();
  subscription.acknowledge(301); // It was not sent yet.
  expect(subscription.next()).toBeUndefined();
  subscription.acknowledge(100);
  expect(subscription.next()).toEqual({ kind: 'bytes', offset: 300, length: 100 });
  scene.exit();
  expect(subscription.next()).toBeUndefined();
  for (let sent = 400; sent < 1_000; sent = subscription.cursor) {
    subscription.acknowledge(sent);
    subscription.next();
  }
  expect(subscription.next()).toMatchObject({ event: { event: 'exited', offset: 1_000 } });
});

test('a viewer with a window of 0 hears only who leads and the end, at once, and its cursor is what it acknowledges', () => {
  using scene = new Scene(1_000_000);
  const subscription = scene.subscribe('viewer', 0, 0);
  scene.grow(1_000);
  subscription.notify({ event: 'resized', offset: 1_000, cols: 1, rows: 1 });
  subscription.notify({ event: 'leading', leading: true });
  expect(events(subscription)).toEqual([{ event: 'leading', channel: 7, leading: true }]);
  expect(subscription.cursor).toBe(0);
  subscription.acknowledge(400);
  expect(subscription.cursor).toBe(400);
  subscription.acknowledge(1_001); // It was not recorded.
  expect(subscription.cursor).toBe(400);
  scene.exit();
  expect(events(subscription)).toEqual([{ event: 'exited', channel: 7, offset: 1_000, exit: { code: 0 } }]);
  expect(subscription.isOver).toBe(true);
});
