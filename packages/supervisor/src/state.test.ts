import { expect, test } from 'vitest';
import { DAEMON, type DaemonEvent, type DaemonState, type DaemonStep, greetingOf } from './state.ts';

function pass(events: readonly DaemonEvent[]): { state: DaemonState; effects: string[] } {
  let state: DaemonState = 'unseen';
  const effects: string[] = [];
  for (const event of events) {
    const step: DaemonStep = DAEMON[state][event];
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

test.each<[string, DaemonEvent[], DaemonState, string[]]>([
  [
    'a daemon is adopted once, however often it answers',
    ['greeted', 'greeted', 'lost', 'greeted'],
    'serving',
    ['tellAdopt'],
  ],
  [
    'slow is neither dead nor new',
    ['greeted', 'silent', 'silent', 'greeted'],
    'serving',
    ['tellAdopt', 'tellRejected'],
  ],
  ['an upgrade is no crash', ['greeted', 'succeeded'], 'serving', ['tellAdopt', 'tellAdopt']],
  [
    'another process of the same keeper is a crash',
    ['greeted', 'lost', 'replaced'],
    'serving',
    ['tellAdopt', 'tellCrash', 'tellAdopt'],
  ],
  ['a restart is no crash', ['greeted', 'lost', 'refused', 'anew'], 'serving', ['tellAdopt', 'tellAdopt']],
  [
    'a keeper that gives up is told of once',
    ['greeted', 'lost', 'held', 'held', 'replaced'],
    'serving',
    ['tellAdopt', 'tellBudgetSpent', 'tellResumed', 'tellAdopt'],
  ],
])('%s', (_claim, events, state, effects) => {
  expect(pass(events)).toEqual({ state, effects });
});

const FIRST = { pid: 10, generation: 3, startedAt: '2026-01-01T00:00:00.000Z' };

test.each([
  ['nobody was seen before', undefined, false, 'greeted'],
  ['it is the same process', FIRST, false, 'greeted'],
  [
    'it has the same pid and is another process',
    { ...FIRST, generation: 2, startedAt: '2025-01-01T00:00:00.000Z' },
    false,
    'replaced',
  ],
  ['it is another on an unbroken connection', { ...FIRST, pid: 9, generation: 2 }, true, 'succeeded'],
  ['the same keeper has started it', { ...FIRST, pid: 9, generation: 2 }, false, 'replaced'],
  ['another keeper has started it', { ...FIRST, pid: 9, generation: 5 }, false, 'anew'],
])('who answers is judged by who answered before: %s', (_case, before, onSameConnection, event) => {
  expect(greetingOf(before, FIRST, onSameConnection)).toBe(event);
});
