import type { SuspendedSession } from '../session/suspended-session.ts';
import { parseSnapshot, type Snapshot } from './snapshot.ts';

/** After so many the parser is compiled, with everything that it calls. */
const PARSES = 20;
const SESSIONS = 10;

const lease = { offset: 1, leaseMs: 1, idleForMs: 1, hasExpired: false };
const size = { cols: 80, rows: 24 };
const at = '2000-01-01T00:00:00.000Z';

const sampleSession: SuspendedSession = {
  state: {
    schema: 1,
    id: '0123456789ab',
    name: 'name',
    pid: 1,
    startTime: 1,
    command: ['sh'],
    cwd: '/',
    ...size,
    createdAt: at,
    exitedAt: at,
    exit: { code: 0 },
    historyBytes: 1,
    historyIn: 'disk',
    leases: [{ offset: 1, leaseMs: 1 }],
    terminal: { DA1: '\x1b[?1c' },
  },
  warnings: ['warning'],
  isSaved: true,
  program: { pid: 1, slavePath: '/dev/pts/0', master: 2, pidfd: 3 },
  foreground: 'sh',
  ended: { exit: { signal: 'SIGHUP' }, drainLimit: 1 },
  anonymousHistory: { ledger: 4, marks: 5, ring: 6, capacity: 1 },
  input: {
    streams: [{ key: 'key', slot: 0, received: 1, done: 1 }],
    queue: [{ key: 'key', bytes: { at: 0, length: 1 } }],
    answers: { at: 0, length: 1 },
  },
  queries: [{ to: 1, text: '\x1b[c' }],
  orphanLeases: [lease],
  subscriptions: [
    {
      connection: 0,
      channel: 1,
      mode: 'exact',
      readOnly: false,
      viewport: size,
      cursor: 1,
      isBehind: false,
      isLeader: false,
      lease,
      notices: [{ offset: 1, event: { event: 'resized', channel: 1, offset: 1, ...size } }],
    },
  ],
  kill: {
    callerPid: 1,
    isHungUp: true,
    known: [{ pid: 1, startTime: 1 }],
    groups: [{ group: 1, pidfd: 4 }],
  },
};

/** One of everything that a snapshot can hold. */
export const sample: Snapshot = {
  schema: 3,
  from: { pid: 1, version: '0', build: '0' },
  generation: 1,
  frozenAtNs: '1',
  lock: 0,
  listener: 1,
  sessions: Array.from({ length: SESSIONS }, () => ({ firstFd: 0, session: sampleSession })),
  aside: [{ id: '0123456789ab', why: 'why' }],
  connections: [
    {
      socket: 7,
      peerPid: 1,
      protocol: 1,
      received: { at: 0, length: 1 },
      unsent: { at: 0, length: 1 },
      inputs: [{ channel: 2, session: '0123456789ab', stream: 'stream', isTold: true }],
      watchesSessions: true,
      requests: ['{}'],
      isEnding: false,
      isRefused: false,
    },
  ],
};

/**
 * Reads snapshots while the predecessor still serves. Cold, the snapshot of 100 sessions takes 40 ms, warm 3 ms, and
 * everybody waits for it. Throws Error if the sample is no snapshot.
 */
export function warmUp(): void {
  const text = JSON.stringify({ ...sample, bytes: 2 });
  for (let parses = 0; parses < PARSES; parses += 1) parseSnapshot(text);
}
