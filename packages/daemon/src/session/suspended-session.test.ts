import { expect, test } from 'vitest';
import { sessionState } from '../../test/kit/session-state.ts';
import { canBeMadeEarly, type SuspendedSession } from './suspended-session.ts';

const lease = { offset: 0, leaseMs: 1, idleForMs: 1, hasExpired: false };
const program = { pid: 1, slavePath: '/dev/pts/0', master: 0, pidfd: 1 };

const running: SuspendedSession = {
  state: { ...sessionState(), command: ['make'], leases: [] },
  warnings: [],
  program,
  ended: null,
  anonymousHistory: null,
  input: { streams: [{ key: 'key', slot: 0, received: 1, done: 1 }], queue: [] },
  orphanLeases: [],
  subscriptions: [],
  kill: null,
};
const exited = { ...running, program: null, state: { ...running.state, exit: { code: 0 } } };

test('a session that runs, or has exited, and nothing else about it, can be made early', () => {
  expect(canBeMadeEarly(running)).toBe(true);
  expect(canBeMadeEarly(exited)).toBe(true);
});

test.each<[string, Partial<SuspendedSession>]>([
  [
    'has typed bytes in its queue',
    { input: { streams: [], queue: [{ key: 'key', bytes: { at: 0, length: 1 } }] } },
  ],
  ['has a lease that runs down', { orphanLeases: [lease] }],
  ['has its history in descriptors', { anonymousHistory: { ledger: 2, marks: 3, ring: 4, capacity: 1 } }],
  ['is being killed', { kill: { callerPid: null, isHungUp: false, known: [] } }],
  ['has ended and is still read', { ended: { exit: { code: 0 }, drainLimit: 1 } }],
  ['has exited, and a program', { state: exited.state }],
  ['has neither exited nor a program', { program: null }],
])('one that %s is made when it is handed over', (_, change) => {
  expect(canBeMadeEarly({ ...running, ...change })).toBe(false);
});
