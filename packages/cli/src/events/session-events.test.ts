import type { Session } from '@holdfast/protocol';
import { describe, expect, test } from 'vitest';
import { Cursor } from './cursor.ts';
import { type SessionEvent, SessionEvents } from './session-events.ts';

const NOW = '2026-01-01T00:01:00.000Z';
const [A, B] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];

function session(id: string, more: Partial<Session> = {}): Session {
  return {
    id,
    name: id.slice(0, 1),
    pid: 1,
    command: ['sh'],
    cwd: '/',
    cols: 80,
    rows: 24,
    state: 'running',
    exit: null,
    createdAt: '2026-01-01T00:00:01.000Z',
    exitedAt: null,
    clients: 0,
    offset: 0,
    historyStart: 0,
    historyBytes: 65_536,
    historyIn: 'disk',
    foreground: null,
    warnings: [],
    ...more,
  };
}

const exited = (id: string, more: Partial<Session> = {}) =>
  session(id, { state: 'exited', exit: { code: 2 }, exitedAt: '2026-01-01T00:00:02.000Z', ...more });

const watching = (since?: string) =>
  new SessionEvents(
    since === undefined ? undefined : Cursor.parse(since),
    () => true,
    () => NOW,
  );

const shortly = (events: SessionEvent[]) =>
  events.map((event) => ('name' in event ? `${event.event} ${event.name} ${event.offset}` : event.event));

describe('what happens is told once', () => {
  test('from an opening to its being forgotten', () => {
    const events = watching();
    expect(shortly(events.all([]))).toEqual(['sessions']);
    expect(shortly(events.one(session(A)))).toEqual(['opened a 0']);
    expect(shortly(events.one(session(A)))).toEqual([]);
    expect(shortly(events.one(session(A, { offset: 5 })))).toEqual(['output a 5']);
    expect(shortly(events.one(session(A, { offset: 5, cols: 90 })))).toEqual(['changed a 5']);
    expect(events.one(exited(A, { offset: 9, cols: 90 }))).toMatchObject([
      { event: 'exited', at: '2026-01-01T00:00:02.000Z', offset: 9, exit: { code: 2 } },
    ]);
    expect(shortly(events.one(session(A, { offset: 9 })))).toEqual(['restored a 9']);
    expect(shortly(events.forgotten(A))).toEqual(['forgotten a 9']);
    expect(shortly(events.forgotten(A))).toEqual([]);
  });

  test('also what was missed while the connection was away', () => {
    const events = watching();
    events.all([session(A), session(B)]);
    expect(shortly(events.all([exited(B, { offset: 7 })]))).toEqual(['forgotten a 0', 'exited b 7']);
  });

  test('of one that has another name now, and so is not meant any more, nothing but its end', () => {
    const events = new SessionEvents(
      undefined,
      ({ name }) => name === 'a',
      () => NOW,
    );
    events.all([session(A), session(B)]);
    const renamed = session(A, { name: 'other', offset: 5 });
    expect(events.one(renamed)).toEqual([]);
    expect(events.all([renamed, session(B)])).toEqual([]);
    expect(shortly(events.all([session(B)]))).toEqual(['forgotten a 0']);
  });

  test('output that was left out for a reader that is behind is told with the next', () => {
    const events = watching();
    events.all([session(A)]);
    expect(shortly(events.one(session(A, { offset: 5 }), { withOutput: false }))).toEqual([]);
    expect(shortly(events.one(session(A, { offset: 5 })))).toEqual(['output a 5']);
  });
});

describe('a cursor goes on', () => {
  test('behind what was told, and not before, also within a millisecond', () => {
    const events = watching();
    const [first] = events.all([]);
    const [opened] = events.one(session(A));
    const all = [exited(A), session(B)];
    expect(shortly(watching(first?.cursor).all(all))).toEqual([
      'sessions',
      'opened a 0',
      'opened b 0',
      'exited a 0',
    ]);
    expect(shortly(watching(opened?.cursor).all(all))).toEqual(['sessions', 'opened b 0', 'exited a 0']);
    const last = watching(opened?.cursor).all(all).at(-1);
    expect(shortly(watching(last?.cursor).all(all))).toEqual(['sessions']);
  });

  test('and is nothing else', () => {
    for (const text of ['', 'now', '1:', '1:o', '-1', '1:zaaaaaaaaaaaa'])
      expect(Cursor.parse(text)).toBe(undefined);
  });
});
