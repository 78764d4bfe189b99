import { LIMITS } from '@holdfast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Lease, Leases } from './leases.ts';

const CAPACITY = 1_000;

/** Leases of a session whose output grows, with what they should be beside them. */
class Scene {
  readonly leases = new Leases<string>();
  nowMs = 0;
  end = 0;

  acquire(holder: string | null, offset: number, leaseMs: number): Lease<string> | undefined {
    return this.leases.acquire({ holder, offset, leaseMs, end: this.end, nowMs: this.nowMs });
  }

  acknowledge(lease: Lease<string>, offset: number): void {
    this.leases.acknowledge(lease, { offset, end: this.end, nowMs: this.nowMs });
  }

  grow(byteCount: number): void {
    this.end += byteCount;
    this.leases.outputGrew(this.nowMs);
  }

  get limit(): number {
    return this.leases.limit(CAPACITY);
  }

  get held(): { offset: number; holder: string | null }[] {
    return [...this.leases.all].map(({ offset, holder }) => ({ offset, holder }));
  }
}

test('a lease at the end of the output never runs down, and begins to when the output grows', () => {
  const scene = new Scene();
  scene.grow(500);
  scene.acquire('one', 500, 100);
  expect(scene.leases.nextExpiryMs).toBeUndefined();
  scene.nowMs = 1e9;
  expect(scene.leases.expire(scene.nowMs)).toBe(false);
  expect(scene.limit).toBe(1_500);
  scene.grow(1);
  scene.nowMs += 40;
  scene.grow(1);
  expect(scene.leases.nextExpiryMs).toBe(1e9 + 100);
  scene.nowMs = 1e9 + 99;
  expect(scene.leases.expire(scene.nowMs)).toBe(false);
  scene.nowMs = 1e9 + 100;
  expect(scene.leases.expire(scene.nowMs)).toBe(true);
  expect(scene.limit).toBe(Number.POSITIVE_INFINITY);
});

test('a lease is renewed by an offset that moves or is repeated, and by none before it; one that expired only by one that moves', () => {
  const scene = new Scene();
  const lease = scene.acquire('one', 0, 100) as Lease<string>;
  scene.grow(500);
  scene.nowMs = 60;
  scene.acknowledge(lease, 0);
  expect(scene.leases.nextExpiryMs).toBe(160);
  scene.acknowledge(lease, 10);
  expect(scene.leases.nextExpiryMs).toBe(160);
  scene.nowMs = 70;
  scene.acknowledge(lease, 5);
  expect(lease.offset).toBe(10);
  expect(scene.leases.nextExpiryMs).toBe(160);
  scene.nowMs = 160;
  expect(scene.leases.expire(160)).toBe(true);
  expect(scene.limit).toBe(Number.POSITIVE_INFINITY);
  scene.acknowledge(lease, 10);
  expect(scene.limit).toBe(Number.POSITIVE_INFINITY);
  scene.acknowledge(lease, 200);
  expect(scene.limit).toBe(1_200);
  scene.acknowledge(lease, 500);
  expect(scene.leases.nextExpiryMs).toBeUndefined();
});

test('an orphan runs down as before and is gone when it has', () => {
  const scene = new Scene();
  const lease = scene.acquire('one', 0, 100) as Lease<string>;
  scene.grow(500);
  scene.nowMs = 50;
  scene.leases.orphan(lease);
  expect(scene.limit).toBe(1_000);
  scene.nowMs = 100;
  expect(scene.leases.expire(100)).toBe(true);
  expect(scene.leases.isEmpty).toBe(true);
  const expired = scene.acquire('two', 0, 10) as Lease<string>;
  scene.nowMs = 200;
  scene.leases.expire(200);
  scene.leases.orphan(expired);
  expect(scene.leases.isEmpty).toBe(true);
});

test('a subscriber takes over the orphan that is nearest before it, and no other', () => {
  const scene = new Scene();
  scene.grow(900);
  const leases = [100, 300, 500].map((offset) => scene.acquire('gone', offset, 100) as Lease<string>);
  scene.acquire('here', 350, 100);
  for (const lease of leases) scene.leases.orphan(lease);
  scene.acquire('new', 400, 100);
  expect(scene.held).toEqual([
    { offset: 100, holder: null },
    { offset: 500, holder: null },
    { offset: 350, holder: 'here' },
    { offset: 400, holder: 'new' },
  ]);
  scene.acquire('at it', 500, 100);
  scene.acquire('before all', 50, 100);
  expect(scene.held.map(({ offset }) => offset)).toEqual([100, 350, 400, 500, 50]);
});

test('leases whose subscribers were away when the daemon ended are all taken up again', () => {
  const scene = new Scene();
  scene.grow(900);
  for (const offset of [100, 300, 300, 500]) scene.acquire(null, offset, 100);
  expect(scene.held.map(({ offset }) => offset)).toEqual([100, 300, 300, 500]);
  expect(scene.limit).toBe(1_100);
});

test('the oldest orphan makes room; without one, there is none for another', () => {
  const scene = new Scene();
  scene.grow(900);
  const leases = Array.from(
    { length: LIMITS.leasesPerSession },
    (_, index) => scene.acquire(`${index}`, 800 - index, 100) as Lease<string>,
  );
  expect(scene.acquire('one more', 0, 100)).toBeUndefined();
  scene.leases.orphan(leases[3] as Lease<string>);
  scene.leases.orphan(leases[7] as Lease<string>);
  // Before both, so that it takes over neither.
  expect(scene.acquire('one more', 0, 100)).toBeDefined();
  expect(scene.held).not.toContainEqual({ offset: 797, holder: null });
  expect(scene.held).toContainEqual({ offset: 793, holder: null });
});

const act = fc.oneof(
  fc.record({
    type: fc.constant('acquire' as const),
    back: fc.nat({ max: 1_500 }),
    leaseMs: fc.nat({ max: 200 }),
    isAway: fc.boolean(),
  }),
  fc.record({ type: fc.constantFrom('orphan' as const, 'release' as const), which: fc.nat() }),
  fc.record({
    type: fc.constant('acknowledge' as const),
    which: fc.nat(),
    by: fc.integer({ min: -50, max: 600 }),
  }),
  fc.record({ type: fc.constant('grow' as const), byteCount: fc.integer({ min: 1, max: 700 }) }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.nat({ max: 150 }) }),
);

interface ModelLease {
  lease: Lease<string>;
  offset: number;
  leaseMs: number;
  isAway: boolean;
  /** When it ends unless it is renewed; undefined at the end of the output. */
  deadlineMs: number | undefined;
  isOver: boolean;
}

test('time in which nobody could get on is not taken off a lease', () => {
  const scene = new Scene();
  const running = scene.acquire('one', 0, 100);
  const standing = scene.acquire('other', 0, 100);
  scene.grow(500);
  if (standing) scene.acknowledge(standing, 500);
  scene.nowMs = 5_060;
  scene.leases.postpone(5_000);
  expect(scene.leases.expire(scene.nowMs)).toBe(false);
  expect(scene.leases.nextExpiryMs).toBe(5_100);
  expect(standing?.idleSinceMs).toBeNull();
  scene.nowMs = 5_100;
  expect(scene.leases.expire(scene.nowMs)).toBe(true);
  expect(running?.hasExpired).toBe(true);
});

test('whatever happens, the limit is that of the leases which live, and each ends exactly at its time', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const scene = new Scene();
      let model: ModelLease[] = [];
      const pick = (which: number, isWanted: (one: ModelLease) => boolean) => {
        const fitting = model.filter(isWanted);
        return fitting[which % Math.max(1, fitting.length)];
      };
      const from = (offset: number, leaseMs: number) =>
        offset < scene.end ? scene.nowMs + leaseMs : undefined;
      for (const act of acts) {
        if (act.type === 'acquire') {
          const offset = Math.max(0, scene.end - act.back);
          const { leaseMs, isAway } = act;
          const orphans = isAway ? [] : model.filter((one) => one.isAway && one.offset <= offset);
          const nearest = Math.max(...orphans.map((one) => one.offset));
          const takenOver = orphans.find((one) => one.offset === nearest);
          model = model.filter((one) => one !== takenOver);
          const lease = scene.acquire(isAway ? null : 'holder', offset, leaseMs) as Lease<string>;
          model.push({ lease, offset, leaseMs, isAway, deadlineMs: from(offset, leaseMs), isOver: false });
        } else if (act.type === 'acknowledge') {
          const one = pick(act.which, ({ isAway }) => !isAway);
          if (!one) continue;
          const offset = Math.min(scene.end, one.offset + act.by);
          scene.acknowledge(one.lease, offset);
          if (offset > one.offset)
            Object.assign(one, { offset, isOver: false, deadlineMs: from(offset, one.leaseMs) });
        } else if (act.type === 'grow') {
          scene.grow(act.byteCount);
          for (const one of model) one.deadlineMs ??= scene.nowMs + one.leaseMs;
        } else if (act.type === 'pass') {
          scene.nowMs += act.ms;
          const expiring = model.filter(
            (one) => !one.isOver && one.deadlineMs !== undefined && one.deadlineMs <= scene.nowMs,
          );
          expect(scene.leases.expire(scene.nowMs)).toBe(expiring.length > 0);
          for (const one of expiring) one.isOver = true;
          model = model.filter((one) => !(one.isOver && one.isAway));
        } else {
          const one = pick(act.which, ({ isAway }) => !isAway);
          if (!one) continue;
          scene.leases[act.type](one.lease);
          one.isAway = true;
          if (act.type === 'release' || one.isOver) model = model.filter((other) => other !== one);
        }
        const living = model.filter(({ isOver }) => !isOver);
        expect(scene.limit).toBe(Math.min(...living.map(({ offset }) => offset + CAPACITY)));
        const deadlines = living.flatMap(({ deadlineMs }) => (deadlineMs === undefined ? [] : [deadlineMs]));
        expect(scene.leases.nextExpiryMs).toBe(deadlines.length > 0 ? Math.min(...deadlines) : undefined);
        expect(scene.held.length).toBe(model.length);
      }
    }),
    { numRuns: 500 },
  );
});
