import type { Session } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { formatAge } from './age.ts';
import { formatExit, sessionTable, tilde, uniqueLength } from './session-table.ts';

const session: Session = {
  id: '0123456789abcdef',
  name: 'bash',
  pid: 1,
  command: ['bash', '-l'],
  cwd: '/home/u/src',
  cols: 80,
  rows: 24,
  state: 'running',
  exit: null,
  createdAt: '2024-01-01T00:00:00.000Z',
  exitedAt: null,
  clients: 2,
  offset: 0,
  historyStart: 0,
  historyBytes: 1_048_576,
  historyIn: 'disk',
  foreground: null,
  warnings: [],
};
const view = { now: Date.parse('2024-01-01T03:00:00.000Z'), userHome: '/home/u', columns: undefined };

test('a session is one row', () => {
  const [, row] = sessionTable([session], view).split('\n');
  expect(row?.split(/ {2,}/)).toEqual([
    'bash',
    '01234567',
    'running',
    'bash -l',
    '~/src',
    '3h',
    '80x24',
    '2',
  ]);
});

test('what is not as it should be is said below', () => {
  expect(sessionTable([{ ...session, warnings: ['disk full'] }], view)).toContain('\nbash: disk full\n');
});

test.each([
  [{ code: 3 }, 'exited 3'],
  [{ signal: 'SIGHUP' }, 'killed SIGHUP'],
  [{ lost: true } as const, 'lost'],
])('%j is shown as %s', (exit, shown) => {
  expect(formatExit(exit)).toBe(shown);
});

test('ids are as long as it takes to tell them apart', () => {
  expect(uniqueLength(['aaaaaaaaaa', 'bbbbbbbbbb'])).toBe(8);
  expect(uniqueLength(['aaaaaaaaaa', 'aaaaaaaaab'])).toBe(10);
  expect(uniqueLength([])).toBe(8);
});

test('only the folder of the user is a tilde', () => {
  expect(tilde('/home/u', '/home/u')).toBe('~');
  expect(tilde('/home/user', '/home/u')).toBe('/home/user');
  expect(tilde('/srv', '/')).toBe('/srv');
});

test.each([
  [-5, '0s'],
  [59_999, '59s'],
  [60_000, '1m'],
  [7_200_000, '2h'],
  [86_400_000 * 12, '12d'],
])('%d ms ago is %s', (ms, shown) => {
  expect(formatAge(ms)).toBe(shown);
});
