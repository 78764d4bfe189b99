import fs from 'node:fs';
import { expect, test } from 'vitest';
import { Escrow } from './escrow.ts';

/** Of a process that is there. */
const PID = process.ppid;
/** More than a system has. */
const GONE = 2 ** 22 + 1;

/** One that holds the terminal of a session. */
function holding(pid: number): Escrow {
  const escrow = new Escrow();
  escrow.hold({ name: 'session/one', fd: fs.openSync('/dev/null', 'r'), pid });
  return escrow;
}

test('a status is kept until it is taken, though the daemon let go of the terminal before the program was reaped', () => {
  const escrow = holding(PID);
  escrow.drop('session/one');
  expect(escrow.record(PID, { code: 7 })).toBe(true);
  expect(escrow.exited).toEqual([{ pid: PID, name: 'session/one', status: { code: 7 } }]);
  escrow.taken(PID);
  expect(escrow.exited).toEqual([]);
});

test('of a program whose status was taken before it was reaped nothing is kept, nor of one that nobody held', () => {
  const escrow = holding(PID);
  escrow.drop('session/one');
  escrow.taken(PID);
  expect(escrow.record(PID, { code: 7 })).toBe(false);
  expect(escrow.record(PID + 1, { code: 7 })).toBe(false);
  expect(escrow.exited).toEqual([]);
});

test('the number of a program that its daemon has reaped may be another’s: nothing is kept for it', () => {
  const escrow = holding(GONE);
  escrow.drop('session/one');
  expect(escrow.record(GONE, { code: 7 })).toBe(false);
});
