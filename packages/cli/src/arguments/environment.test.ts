import { expect, test } from 'vitest';
import { sessionEnvironment } from './environment.ts';

test('the program gets the environment of its client, less what is not true in there', () => {
  const own = {
    PATH: '/bin',
    TERM: 'screen',
    COLUMNS: '80',
    LINES: '24',
    HOLDFAST_SESSION: 'x',
    HOLDFAST_TEST_A: '1',
  };
  expect(sessionEnvironment(own, [])).toEqual({ PATH: '/bin', TERM: 'screen' });
});

test.each([[{}], [{ TERM: '' }]])('a terminal is always named', (own) => {
  expect(sessionEnvironment(own, [])).toEqual({ TERM: 'xterm-256color' });
});

test('assignments win, may be empty, and may have an equals sign in the value', () => {
  expect(sessionEnvironment({ A: '1', TERM: 'x' }, ['A=2', 'B=', 'C=d=e', 'COLUMNS=10'])).toEqual({
    A: '2',
    B: '',
    C: 'd=e',
    COLUMNS: '10',
    TERM: 'x',
  });
});

test.each(['A', '=1', ''])('"%s" is no assignment', (assignment) => {
  expect(() => sessionEnvironment({}, [assignment])).toThrow(`--env must be NAME=VALUE, not "${assignment}"`);
});
