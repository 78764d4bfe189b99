import { expect, test } from 'vitest';
import { ownersOf } from './program-memory.ts';

const shell = { id: 'a', pid: 10 };
const other = { id: 'b', pid: 20 };

test('to a session belong the members of its session and all that descends from them', () => {
  const processes = [
    { pid: 1, parent: 0, session: 1 },
    { pid: 10, parent: 1, session: 10 },
    { pid: 11, parent: 10, session: 10 },
    // Its parent has ended.
    { pid: 12, parent: 1, session: 10 },
    // It has begun a session of its own.
    { pid: 13, parent: 11, session: 13 },
    { pid: 20, parent: 1, session: 20 },
    // A terminal within a terminal: the innermost counts.
    { pid: 30, parent: 13, session: 30 },
    { pid: 99, parent: 1, session: 99 },
  ];
  expect([...ownersOf(processes, [shell, other, { id: 'c', pid: 30 }])]).toEqual([
    [10, 'a'],
    [11, 'a'],
    [12, 'a'],
    [13, 'a'],
    [20, 'b'],
    [30, 'c'],
  ]);
});

test('parents that were read at different times may go round in a circle', () => {
  const processes = [
    { pid: 5, parent: 6, session: 5 },
    { pid: 6, parent: 5, session: 5 },
  ];
  expect([...ownersOf(processes, [shell])]).toEqual([]);
});
