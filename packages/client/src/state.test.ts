import { expect, test } from 'vitest';
import { type ClientMove, type ClientState, nextState, TRANSITIONS } from './state.ts';

function walk(...moves: ClientMove[]): ClientState {
  return moves.reduce(nextState, 'connecting');
}

test('a lost connection is made and greeted again', () => {
  expect(walk('opened', 'greeted', 'lost', 'lost', 'opened', 'lost', 'opened', 'greeted')).toBe('connected');
});

test('every state can end, but for the end itself', () => {
  for (const [state, row] of Object.entries(TRANSITIONS)) {
    expect({ state, end: row.ended }).toEqual({ state, end: state === 'closed' ? undefined : 'closed' });
  }
});

test('a move that the table does not have throws', () => {
  expect(() => nextState('connecting', 'greeted')).toThrow("connecting can't be greeted");
  expect(() => nextState('closed', 'opened')).toThrow("closed can't be opened");
});
