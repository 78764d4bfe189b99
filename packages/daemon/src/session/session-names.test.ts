import { expect, test } from 'vitest';
import { SessionNames } from './session-names.ts';

const OF_SH = { command: ['/bin/sh'], env: {} };

test('a session is named after its program, with a number if that name or id is taken, or about to be', () => {
  const sessions = new Map([
    ['sh-2', { name: 'build' }],
    ['0123456789ab', { name: 'sh' }],
  ]);
  const names = new SessionNames(sessions);
  expect(names.reserve(OF_SH)).toBe('sh-3');
  expect(names.reserve(OF_SH)).toBe('sh-4');
  names.release('sh-3');
  expect(names.reserve(OF_SH)).toBe('sh-3');
  expect(names.reservedCount).toBe(2);
  expect(names.reserve({ command: [], env: { SHELL: '/bin/zsh' } })).toBe('zsh');
});

test('who is refused the name of a session that has exited is told how to get it', () => {
  const sessions = new Map([
    ['0123456789ab', { name: 'over', exitedForMs: 0 }],
    ['0123456789ac', { name: 'runs', exitedForMs: undefined }],
  ]);
  const names = new SessionNames(sessions);
  expect(() => names.check('over')).toThrow('another session is named "over"; it has exited: forget it');
  expect(() => names.check('runs')).toThrow(/^another session is named "runs"$/);
});

test('a name that is asked for is that name, or refused', () => {
  const sessions = new Map([['0123456789ab', { name: 'one' }]]);
  const names = new SessionNames(sessions);
  expect(names.reserve({ ...OF_SH, name: 'two' })).toBe('two');
  for (const name of ['one', 'two', '0123456789ab'])
    expect(() => names.reserve({ ...OF_SH, name })).toThrow('another session is named');
  expect(() => names.reserve({ ...OF_SH, name: '-x' })).toThrow('it begins with a dash');
  // It is asked anew each time what sessions there are.
  sessions.clear();
  expect(names.reserve({ ...OF_SH, name: 'one' })).toBe('one');
});
