import type { SessionState } from '../../src/session/state-file.ts';

/** What is kept of a session that runs `make`, but for what a test says of it. */
export function sessionState(more: Partial<SessionState> = {}): SessionState {
  return {
    schema: 1,
    id: '0123456789ab',
    name: 'build',
    pid: 4711,
    startTime: 99,
    command: ['make'],
    cwd: '/',
    cols: 80,
    rows: 24,
    createdAt: '2026-11-24T11:00:00.000Z',
    exitedAt: null,
    exit: null,
    historyBytes: 65_536,
    historyIn: 'disk',
    leases: [],
    ...more,
  };
}
