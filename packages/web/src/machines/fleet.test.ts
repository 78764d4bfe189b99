import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fleet, type KnownSession, type Machine, tellElsewhere, tellFleet } from './fleet.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.runAllTimers();
  tellFleet({ type: 'machines', names: [], problem: null });
  vi.useRealTimers();
});

function session(id: string, createdAt: string): KnownSession {
  const size = { cols: 80, rows: 24 };
  return {
    id,
    name: id,
    pid: 1,
    command: ['sh'],
    cwd: '/',
    ...size,
    state: 'running',
    exit: null,
    createdAt,
  };
}

function machine(name: string, sessions: KnownSession[], isOwn = false): Machine {
  const build = { version: '1.0.0', build: 'aaa', since: '2026-01-01T00:00:00.000Z' };
  const seen = { isOwn, reachable: true, lastSeenAt: null, daemon: null, mayOperate: true };
  return { name, hostname: name, home: '/', ...build, ...seen, sessions, omitted: 0 };
}

function begin(machines: readonly Machine[]): void {
  tellFleet({ type: 'machines', names: machines.map(({ name }) => name), problem: null });
  for (const one of machines) tellFleet({ type: 'machine', machine: one });
}

const idsOf = (name: string) =>
  fleet
    .get()
    ?.sessions.get(name)
    ?.newestFirst.map(({ id }) => id);

test('this machine comes first, the others by name, and sessions of each are the newest first', () => {
  const old = session('old', '2026-01-01T00:00:00.000Z');
  const young = session('young', '2026-01-02T00:00:00.000Z');
  begin([machine('c', [old, young]), machine('b', [], true), machine('a', [])]);
  expect(fleet.get()?.machines.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  expect(idsOf('c')).toEqual(['c/young', 'c/old']);
  // Its own are those of its daemon.
  expect(idsOf('b')).toBeUndefined();
});

test('what changes on one machine leaves those of the others as they were', () => {
  const names = Array.from({ length: 300 }, (_, index) => `m${index}`);
  const sessions = Array.from({ length: 100 }, (_, index) =>
    session(`s${index}`, '2026-01-01T00:00:00.000Z'),
  );
  begin(names.map((name) => machine(name, sessions)));
  const before = new Map(fleet.get()?.sessions);
  tellFleet({ type: 'machine', machine: machine('m7', sessions.slice(1)) });
  const changed = names.filter((name) => fleet.get()?.sessions.get(name) !== before.get(name));
  expect(changed).toEqual(['m7']);
  expect(idsOf('m7')).toHaveLength(99);
});

test('what this page has done itself counts until the machine has told it', () => {
  begin([machine('a', [session('one', '2026-01-01T00:00:00.000Z')])]);
  tellElsewhere({ machine: 'a', session: 'two' }, session('two', '2026-01-02T00:00:00.000Z'));
  tellElsewhere({ machine: 'a', session: 'one' }, null);
  expect(idsOf('a')).toEqual(['a/two']);
  vi.advanceTimersByTime(60_000);
  expect(idsOf('a')).toEqual(['a/one']);
});
