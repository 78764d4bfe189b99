import { expect, test } from 'vitest';
import {
  nextPredecessor,
  nextSuccessor,
  type PredecessorEvent,
  type PredecessorState,
  type SuccessorEvent,
  type SuccessorState,
} from './table.ts';

const PREDECESSOR_EVENTS: readonly PredecessorEvent[] = [
  'requested',
  'ready',
  'prepared',
  'frozen',
  'adopted',
  'serving',
  'failed',
  'confirmedDead',
];

test('a hand-over that goes well passes every state of both sides', () => {
  const handingOver: PredecessorEvent[] = ['requested', 'ready', 'prepared', 'frozen', 'adopted', 'serving'];
  const takingOver: SuccessorEvent[] = [
    'loaded',
    'preview',
    'prepared',
    'snapshot',
    'adopted',
    'commit',
    'granted',
    'predecessorGone',
  ];
  let predecessor: PredecessorState = 'idle';
  for (const event of handingOver) predecessor = nextPredecessor(predecessor, event);
  let successor: SuccessorState = 'loading';
  for (const event of takingOver) successor = nextSuccessor(successor, event);
  expect(predecessor).toBe('over');
  expect(successor).toBe('serving');
});

test('a successor that takes no preview is handed over to all the same', () => {
  expect(nextSuccessor(nextSuccessor('loading', 'loaded'), 'snapshot')).toBe('adopting');
});

test('after the commit only the death of the successor brings the predecessor back', () => {
  const back = PREDECESSOR_EVENTS.filter((event) => {
    try {
      return nextPredecessor('committed', event) === 'idle';
    } catch {
      return false;
    }
  });
  expect(back).toEqual(['confirmedDead']);
});

test('a successor without a commit ends with its predecessor', () => {
  for (const state of ['loading', 'waiting', 'preparing', 'adopting', 'adopted'] as const) {
    expect(nextSuccessor(state, 'predecessorGone')).toBe('ended');
  }
});

test('what is not in the table is a fault', () => {
  expect(() => nextPredecessor('idle', 'serving')).toThrow(/idle/);
  expect(() => nextSuccessor('waiting', 'commit')).toThrow(/waiting/);
  expect(() => nextPredecessor('over', 'failed')).toThrow(/over/);
});
