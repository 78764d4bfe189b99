import type { Exit } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { sessionState } from '../../test/kit/session-state.ts';
import { SystemShutdown } from './system-shutdown.ts';

const EXITED_AT = '2026-11-24T12:00:00.000Z';

function exited(exit: Exit) {
  return { state: 'exited', exit } as const;
}

test('a session that runs goes on running for its file, also once its program is gone', () => {
  const shutdown = new SystemShutdown(false);
  shutdown.begin({ state: 'running' }, undefined);
  expect(shutdown.isUnderWay).toBe(true);
  const state = sessionState({ exit: { signal: 'SIGTERM' }, exitedAt: EXITED_AT });
  expect(shutdown.kept(state, false)).toEqual(sessionState({ kill: undefined, wentDown: undefined }));
  expect(shutdown.kept(state, true)).toEqual(sessionState({ kill: undefined, wentDown: true }));
});

test('before that the file says what is so', () => {
  const state = sessionState({ exit: { code: 0 }, exitedAt: EXITED_AT });
  expect(new SystemShutdown(false).kept(state, true)).toBe(state);
});

test.for<[Exit, number, boolean]>([
  [{ signal: 'SIGHUP' }, 1_000, true],
  [{ code: 143 }, 2_000, true],
  [{ signal: 'SIGTERM' }, 2_001, false],
  [{ signal: 'SIGSEGV' }, 0, false],
  [{ code: 0 }, 0, false],
  [{ lost: true }, 0, false],
])('a program that ended by %j %d ms before was ended by it: %s', ([exit, exitedForMs, isUnderWay]) => {
  const shutdown = new SystemShutdown(false);
  shutdown.begin(exited(exit), exitedForMs);
  expect(shutdown.isUnderWay).toBe(isUnderWay);
});

test('an end that somebody has asked for before stays one, and one that is asked for meanwhile is none', () => {
  const meant = new SystemShutdown(false);
  meant.endMeant();
  meant.begin({ state: 'running' }, undefined);
  expect(meant.isUnderWay).toBe(false);
  const under = new SystemShutdown(false);
  under.begin({ state: 'running' }, undefined);
  under.endMeant();
  under.begin(exited({ signal: 'SIGTERM' }), 0);
  expect(under.isUnderWay).toBe(true);
});
