import { HoldfastError } from '@holdfast/protocol';
import { announcedSession } from '@holdfast/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FleetDoor, FoundMachine } from './fleet-door.ts';
import { type MachineChange, MachineWatch } from './machine-watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** The fleet as `alpha` sees it. */
class FakeDoor implements FleetDoor {
  readonly ownName = 'alpha';
  /** Of the others, those that are there. */
  there = ['beta'];
  /** What a look takes. */
  lookMs = 10;
  /** What it ends with, if not with who is there. */
  failure: Error | undefined;
  /** Of all machines; the same list as long as none has announced another one. */
  sessions: FoundMachine['sessions'] = [];
  /** When looks began, ms. */
  readonly looks: number[] = [];

  async hosts(): Promise<FoundMachine[]> {
    this.looks.push(Math.round(performance.now()));
    await new Promise((resolve) => setTimeout(resolve, this.lookMs));
    if (this.failure) throw this.failure;
    return [this.ownName, ...this.there].map((name) => ({ ...machine(name), sessions: this.sessions }));
  }

  connectorTo(): never {
    throw new Error('nobody connects here');
  }

  surroundings(): Promise<never> {
    return Promise.reject(new Error('nothing starts here'));
  }

  /** The daemon of all. */
  running = '1.0.0+aaa';
  /** What an answer about it takes. */
  statusMs = 10;

  /** What whoever asks may do there; undefined: not even look. */
  mayOperate: boolean | undefined = true;

  async status() {
    const { running, mayOperate } = this;
    await new Promise((resolve) => setTimeout(resolve, this.statusMs));
    if (mayOperate === undefined) throw new HoldfastError('E_FORBIDDEN', 'not you');
    return { mayOperate, status: { update: { pending: false, running, available: null } } };
  }

  async upgrade() {
    return { ok: false as const, code: 'E_UPGRADE_BUSY' as const, reason: 'not here', sessions: null };
  }
}

function machine(name: string): FoundMachine {
  const lease = {
    instance: `${name}-1`,
    machine: name,
    home: '/',
    version: '1.0.0',
    build: 'aaa',
    since: 'then',
  };
  return { name, lease, sessions: [], omitted: 0 };
}

/** What one page knows of machines, by what it is told. */
class FakePage {
  readonly reachable = new Map<string, boolean>();
  /** All that it was told of them, in order. */
  readonly told: string[] = [];
  problem: string | null = null;
  /** What it may do on beta. */
  mayOperate: boolean | null = null;

  readonly hear = (change: MachineChange): void => {
    if (change.type === 'machines') this.problem = change.problem?.message ?? null;
    else {
      const { name, reachable } = change.machine;
      this.reachable.set(name, reachable);
      if (name === 'beta') this.mayOperate = change.machine.mayOperate;
      this.told.push(`${name} ${reachable ? 'reachable' : 'away'}`);
    }
  };
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);

test('a page that comes back after a while is told how it is now, and nothing of what was last seen before', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const before = new FakePage();
  const stop = watch.listen(before.hear);
  await seconds(3);
  expect(before.reachable).toEqual(new Map([['alpha', true]]).set('beta', true));
  stop();
  await seconds(9);

  const page = new FakePage();
  watch.listen(page.hear);
  await seconds(30);
  expect(page.reachable.get('beta')).toBe(true);
  expect(page.told).not.toContain('beta away');
  watch.close();
});

test('a machine that went while nobody looked is told as away, and never as reachable', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const stop = watch.listen(new FakePage().hear);
  await seconds(3);
  stop();
  door.there = [];
  await seconds(3_600);

  const page = new FakePage();
  watch.listen(page.hear);
  await seconds(1);
  expect(page.told.filter((told) => told.startsWith('beta'))).toEqual(['beta away']);
  watch.close();
});

test('who listens as the second is told at once, and what is told to one is told to all', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const first = new FakePage();
  watch.listen(first.hear);
  await seconds(3);
  const second = new FakePage();
  watch.listen(second.hear);
  expect(second.reachable.get('beta')).toBe(true);
  door.there = [];
  await seconds(2);
  expect([first.reachable.get('beta'), second.reachable.get('beta')]).toEqual([false, false]);
  door.there = ['beta'];
  await seconds(2);
  expect([first.reachable.get('beta'), second.reachable.get('beta')]).toEqual([true, true]);
  watch.close();
});

test('while looks fail the others are away after 8 s, whatever a look takes, and back soon after one succeeds', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const page = new FakePage();
  watch.listen(page.hear);
  await seconds(3);
  door.failure = new HoldfastError('E_NO_DAEMON', 'no answer');
  door.lookMs = 5_000;
  await seconds(6.5);
  // One has failed by now.
  expect(page.problem).toBe('no answer');
  expect(page.reachable.get('beta')).toBe(true);
  await seconds(3);
  expect(page.reachable).toEqual(new Map([['alpha', true]]).set('beta', false));
  door.failure = undefined;
  door.lookMs = 10;
  await seconds(7);
  expect(page.problem).toBeNull();
  expect(page.reachable.get('beta')).toBe(true);
  watch.close();
});

test('a look that never ends keeps nobody from being away', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const page = new FakePage();
  watch.listen(page.hear);
  await seconds(3);
  door.lookMs = 3_600_000;
  await seconds(10);
  expect(page.reachable.get('beta')).toBe(false);
  watch.close();
});

test('a failed look is tried again in 2 s, and one that is refused in 5 s', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  watch.listen(new FakePage().hear);
  door.failure = new HoldfastError('E_NO_DAEMON', 'no answer');
  door.lookMs = 5_000;
  await seconds(30);
  const pauses = () => door.looks.slice(1).map((at, index) => at - (door.looks[index] ?? 0) - door.lookMs);
  expect(Math.max(...pauses())).toBeLessThanOrEqual(2_000);
  door.failure = new HoldfastError('E_FORBIDDEN', 'not you');
  await seconds(30);
  expect(pauses().at(-1)).toBe(5_000);
  watch.close();
});

test('a list that takes long is asked for a tenth of the time, and nobody is away for that', async () => {
  const door = new FakeDoor();
  door.lookMs = 700;
  const watch = new MachineWatch(door);
  const page = new FakePage();
  watch.listen(page.hear);
  await seconds(60);
  expect(door.looks.length).toBeGreaterThan(6);
  expect(door.looks.length).toBeLessThan(10);
  // Longer than what a machine may be unseen.
  door.lookMs = 1_500;
  await seconds(120);
  expect(page.told).not.toContain('beta away');
  watch.close();
});

test('nobody looks while nobody listens', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const stop = watch.listen(new FakePage().hear);
  await seconds(5);
  stop();
  const count = door.looks.length;
  await seconds(600);
  expect(door.looks.length).toBe(count);
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer about a daemon that was asked for before an upgrade says nothing of what runs after it', async () => {
  const door = new FakeDoor();
  const seen: (string | null)[] = [];
  const watch = new MachineWatch(door, (name, { running }) => name === 'beta' && seen.push(running));
  door.statusMs = 2_000;
  watch.listen(new FakePage().hear);
  await seconds(1);
  door.running = '2.0.0+bbb';
  watch.askAgain('beta');
  await seconds(10);
  expect(new Set(seen)).toEqual(new Set([null, '2.0.0+bbb']));
  watch.close();
});

test('a list that is the same is read no more, however often it is looked at, and another one is told once', async () => {
  const door = new FakeDoor();
  let reads = 0;
  const session = (name: string): FoundMachine['sessions'][number] => ({
    ...announcedSession(),
    get name() {
      reads += 1;
      return name;
    },
  });
  door.sessions = [session('one')];
  const watch = new MachineWatch(door);
  const page = new FakePage();
  watch.listen(page.hear);
  await seconds(5);
  reads = 0;
  page.told.length = 0;
  await seconds(20);
  expect({ reads, told: page.told }).toEqual({ reads: 0, told: [] });
  door.sessions = [session('one')];
  await seconds(5);
  expect(page.told).toEqual([]);
  door.sessions = [session('two')];
  await seconds(5);
  expect(page.told).toEqual(['alpha reachable', 'beta reachable']);
  watch.close();
});

test('a page is told whether it may do more on a machine than look, as the last answer had it', async () => {
  const door = new FakeDoor();
  const watch = new MachineWatch(door);
  const page = new FakePage();
  door.statusMs = 2_000;
  watch.listen(page.hear);
  await seconds(1);
  expect(page.mayOperate).toBeNull();
  await seconds(5);
  expect(page.mayOperate).toBe(true);
  for (const mayOperate of [false, true, undefined]) {
    door.mayOperate = mayOperate;
    await seconds(60);
    expect(page.mayOperate).toBe(mayOperate ?? false);
  }
  watch.close();
});
