import { LIMITS } from '@holdfast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock } from '../../test/kit/fake-clock.ts';
import { History } from '../history/history.ts';
import type { Lifecycle } from './lifecycle.ts';
import { Pace } from './pace.ts';
import { Subscription } from './subscription.ts';

const CAPACITY = 1024 * 1024;
const PATIENCE_MS = LIMITS.leaderPatienceMs;
/** More than any limit lets through at once. */
const MUCH = 8 * CAPACITY;

/** A program that writes whatever it has to, read as a session reads it. */
class Scene {
  readonly clock = new FakeClock();
  readonly history = History.withoutFiles(CAPACITY);
  readonly lifecycle: Lifecycle = { state: 'running' };
  readonly pace = new Pace(this.history, this.clock.after, () => this.#release());
  /** Bytes that the program has written and nobody has read. */
  pending = 0;
  releases = 0;
  isHeld = false;
  /** When anything last moved. */
  lastMoveMs = 0;
  #isReadDue = false;

  get held(): boolean {
    return this.isHeld && this.pending > 0;
  }

  write(byteCount: number): void {
    this.pending += byteCount;
    this.read();
  }

  subscribe(mode: 'viewer' | 'exact', cursor = this.history.end): Subscription {
    const sink = { hasOutput: () => undefined, finish: () => undefined };
    const options = { channel: 1, mode, readOnly: false, viewport: undefined, cursor, sink };
    return new Subscription(this, options);
  }

  lead(subscription: Subscription | undefined): void {
    subscription?.leadingChanged(true);
    this.pace.leaderChanged(subscription);
    this.settle();
  }

  grant(leaseMs: number, cursor?: number): Subscription {
    const subscription = this.subscribe('exact', cursor);
    this.pace.grant(subscription, leaseMs);
    this.settle();
    return subscription;
  }

  /** Sends what there is, up to so many frames. */
  take(subscription: Subscription, frames: number): void {
    for (let count = 0; count < frames && subscription.next(); count += 1);
    this.settle();
  }

  acknowledge(subscription: Subscription, offset: number): void {
    this.pace.acknowledge(subscription, offset);
    this.settle();
  }

  pass(ms: number): void {
    this.clock.pass(ms, () => this.settle());
  }

  progressed(subscription: Subscription): void {
    this.pace.progressed(subscription);
  }

  /** What the session does at the end of a turn. */
  settle(): void {
    while (this.#isReadDue) {
      this.#isReadDue = false;
      this.read();
    }
  }

  read(): void {
    this.isHeld = false;
    while (this.pending > 0) {
      const count = Math.min(4_096, this.pending, this.pace.limit - this.history.end);
      if (count <= 0) {
        this.pace.hold();
        this.isHeld = true;
        return;
      }
      this.history.append(count);
      this.pending -= count;
      this.lastMoveMs = this.clock.nowMs;
      this.pace.outputGrew(this.clock.nowMs);
    }
  }

  #release(): void {
    expect(this.isHeld).toBe(true);
    expect(this.pace.heldBy).toBeUndefined();
    this.releases += 1;
    this.#isReadDue = true;
  }

  [Symbol.dispose](): void {
    this.clock[Symbol.dispose]();
    this.history.close();
  }
}

test('without leader and leases the program runs at full speed', () => {
  using scene = new Scene();
  scene.write(MUCH);
  expect(scene.pending).toBe(0);
  expect(scene.clock.armed).toBe(0);
});

test('a leader that gets nothing holds the program for its patience, then counts as behind', () => {
  using scene = new Scene();
  const leader = scene.subscribe('viewer');
  scene.lead(leader);
  scene.write(MUCH);
  expect(scene.pace.heldBy).toBe('leader');
  const heldAt = scene.history.end;
  scene.pass(PATIENCE_MS - 1);
  expect(scene.history.end).toBe(heldAt);
  scene.pass(1);
  expect(scene.pending).toBe(0);
  expect(scene.releases).toBe(1);
  expect(leader.isBehind).toBe(true);
  scene.write(MUCH);
  expect(scene.pending).toBe(0);
});

test('each frame that the leader takes lets the program go on, and begins its patience anew', () => {
  using scene = new Scene();
  const leader = scene.subscribe('viewer');
  scene.lead(leader);
  // That it leads.
  scene.take(leader, 1);
  scene.write(MUCH);
  for (let frame = 0; frame < 20; frame += 1) {
    const before = scene.history.end;
    scene.pass(PATIENCE_MS - 1);
    expect(scene.history.end).toBe(before);
    scene.take(leader, 1);
    expect(scene.history.end).toBe(before + LIMITS.dataFrameBytes);
    expect(leader.isBehind).toBe(false);
  }
  scene.pass(PATIENCE_MS);
  expect(scene.pending).toBe(0);
});

test('another leader frees the program at once and has patience of its own', () => {
  using scene = new Scene();
  const one = scene.subscribe('viewer');
  scene.lead(one);
  scene.write(MUCH);
  scene.pass(300);
  const two = scene.subscribe('viewer');
  scene.lead(two);
  expect(scene.pace.heldBy).toBe('leader');
  const heldAt = scene.history.end;
  scene.pass(PATIENCE_MS - 1);
  expect(scene.history.end).toBe(heldAt);
  scene.lead(undefined);
  expect(scene.pending).toBe(0);
  scene.pass(10_000);
  expect([one.isBehind, two.isBehind]).toEqual([false, false]);
});

test('an exact subscriber holds the program for its lease, and loses nothing while it lasts', () => {
  using scene = new Scene();
  const exact = scene.grant(5_000);
  scene.write(MUCH);
  expect(scene.pace.heldBy).toBe('lease');
  expect(scene.pace.leaseHolder).toBe(exact);
  expect(scene.history.start).toBe(0);
  scene.take(exact, 4);
  scene.pass(4_999);
  // Sent is not acknowledged.
  expect(scene.history.start).toBe(0);
  scene.acknowledge(exact, 100_000);
  expect(scene.history.start).toBeLessThanOrEqual(100_000);
  expect(scene.pace.heldBy).toBe('lease');
  scene.pass(5_000);
  expect(scene.pending).toBe(0);
});

test('what was never sent is not believed to have arrived', () => {
  using scene = new Scene();
  const exact = scene.grant(5_000);
  scene.write(MUCH);
  const heldAt = scene.history.end;
  scene.acknowledge(exact, 1);
  expect(scene.history.end).toBe(heldAt);
  expect(scene.pace.leases).toEqual([{ offset: 0, leaseMs: 5_000 }]);
});

test('a shorter lease that comes while a longer one runs ends at its own time', () => {
  using scene = new Scene();
  scene.grant(60_000);
  scene.write(1_000);
  scene.pass(10);
  const short = scene.grant(100, 0);
  scene.acknowledge(short, 0);
  scene.pass(99);
  expect(scene.pace.leases).toHaveLength(2);
  scene.pace.leave(short, true);
  scene.pass(1);
  expect(scene.pace.leases).toEqual([{ offset: 0, leaseMs: 60_000 }]);
  expect(scene.clock.armed).toBe(1);
});

test('a subscriber that goes away keeps its lease for its time, one that leaves does not', () => {
  using scene = new Scene();
  const [away, gone] = [scene.grant(1_000), scene.grant(2_000)];
  scene.write(MUCH);
  scene.pace.leave(gone, false);
  scene.settle();
  scene.pace.leave(away, true);
  scene.settle();
  expect(scene.pace.heldBy).toBe('lease');
  expect(scene.pace.leaseHolder).toBeNull();
  const back = scene.grant(1_000, 0);
  expect(scene.pace.leases).toEqual([{ offset: 0, leaseMs: 1_000 }]);
  expect(scene.pace.leaseHolder).toBe(back);
  scene.pace.leave(back, false);
  scene.settle();
  expect(scene.pending).toBe(0);
});

test('leases of a daemon before this one are all kept, and run down from now', () => {
  using scene = new Scene();
  scene.write(MUCH);
  const leases = [1, 2, 3].map((count) => ({ offset: MUCH - count * 1_000, leaseMs: count * 1_000 }));
  scene.pace.restore([...leases, { offset: 5, leaseMs: 50 }]);
  expect(scene.pace.leases).toEqual([...leases, { offset: scene.history.start, leaseMs: 50 }]);
  scene.pass(2_000);
  expect(scene.pace.leases).toEqual([leases[2]]);
});

test('a session takes so many exact subscribers and no more; those that are away make room', () => {
  using scene = new Scene();
  const granted = Array.from({ length: LIMITS.leasesPerSession }, () => scene.grant(1_000));
  expect(() => scene.grant(1_000)).toThrow(expect.objectContaining({ code: 'E_LIMIT' }));
  scene.pace.leave(granted[0] as Subscription, true);
  scene.grant(1_000);
});

test('nothing is armed any more once the session has ended', () => {
  using scene = new Scene();
  scene.lead(scene.subscribe('viewer'));
  scene.grant(1_000);
  scene.write(MUCH);
  scene.pace.end();
  expect([scene.pace.heldBy, scene.pace.leases, scene.clock.armed]).toEqual([undefined, [], 0]);
});

const which = fc.nat({ max: 100 });
const act = fc.oneof(
  fc.record({ type: fc.constant('write' as const), byteCount: fc.nat({ max: 2 * CAPACITY }) }),
  fc.record({ type: fc.constant('lead' as const), which, back: fc.nat({ max: CAPACITY }) }),
  fc.record({ type: fc.constant('nobody leads' as const) }),
  fc.record({
    type: fc.constant('grant' as const),
    leaseMs: fc.nat({ max: 5_000 }),
    back: fc.nat({ max: CAPACITY }),
  }),
  fc.record({ type: fc.constant('take' as const), which, frames: fc.nat({ max: 20 }) }),
  fc.record({
    type: fc.constant('acknowledge' as const),
    which,
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ type: fc.constant('leave' as const), which, isAway: fc.boolean() }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.nat({ max: 1_500 }) }),
);

test('whatever happens, no lease that lives loses a byte, and nothing is held longer than patience or the longest lease', () => {
  fc.assert(
    fc.property(fc.array(act, { minLength: 5, maxLength: 50 }), (acts) => {
      using scene = new Scene();
      const viewers: Subscription[] = [];
      let exact: Subscription[] = [];
      let longestMs: number = PATIENCE_MS;
      /** Where the history began when a lease had expired: what was lost then does not come back with it. */
      const lostBefore = new Map<Subscription, number>();
      const check = () => {
        const { start } = scene.history;
        for (const subscription of exact) {
          const { lease } = subscription;
          if (!lease || lease.hasExpired) lostBefore.set(subscription, start);
          else expect(start).toBeLessThanOrEqual(Math.max(lease.offset, lostBefore.get(subscription) ?? 0));
        }
        expect(scene.isHeld).toBe(scene.pace.heldBy !== undefined);
      };
      for (const act of acts) {
        const back = 'back' in act ? Math.max(scene.history.start, scene.history.end - act.back) : 0;
        const one = (among: readonly Subscription[]) =>
          'which' in act ? among[act.which % Math.max(1, among.length)] : undefined;
        if (act.type === 'write') scene.write(act.byteCount);
        else if (act.type === 'lead') {
          if (act.which % 2 === 0) viewers.push(scene.subscribe('viewer', back));
          scene.lead(one(viewers));
        } else if (act.type === 'nobody leads') scene.lead(undefined);
        else if (act.type === 'grant') {
          exact.push(scene.grant(act.leaseMs, back));
          longestMs = Math.max(longestMs, act.leaseMs);
        } else if (act.type === 'take') {
          const subscription = one([...viewers, ...exact]);
          if (subscription) scene.take(subscription, act.frames);
        } else if (act.type === 'acknowledge') {
          const subscription = one(exact);
          const offset = subscription?.lease?.offset ?? 0;
          if (subscription)
            scene.acknowledge(subscription, Math.floor(offset + act.part * (subscription.cursor - offset)));
        } else if (act.type === 'leave') {
          const subscription = one(exact);
          exact = exact.filter((other) => other !== subscription);
          if (subscription) scene.pace.leave(subscription, act.isAway);
          scene.settle();
        } else scene.pass(act.ms);
        scene.lastMoveMs = scene.clock.nowMs;
        check();
      }
      // Nobody does anything any more: output may move others' leases, so it is counted from the last that moved.
      while (scene.held) {
        const since = scene.lastMoveMs;
        scene.pass(longestMs + PATIENCE_MS / 1_000);
        check();
        expect(scene.held && scene.lastMoveMs === since).toBe(false);
      }
      expect(scene.pending).toBe(0);
    }),
    { numRuns: 150 },
  );
});
