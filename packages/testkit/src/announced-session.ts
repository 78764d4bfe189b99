import type { Session } from '@holdfast/protocol';

/** What a machine may announce of a session, but for what a test says of it. */
export function announcedSession(more: Partial<Session> = {}) {
  return {
    id: 'a',
    name: 'one',
    pid: 1,
    command: ['cat'],
    cwd: '/',
    cols: 80,
    rows: 24,
    state: 'running' as const,
    exit: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
