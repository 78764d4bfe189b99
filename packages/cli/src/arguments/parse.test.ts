import { describe, expect, test } from 'vitest';
import { type Command, defineCommand } from '../command.ts';
import type { Operands, Options } from '../command-table.ts';
import { parseCommandLine } from './parse.ts';

const opening = command({
  operands: {},
  options: {
    detached: { kind: 'flag', short: 'd', summary: '' },
    env: { kind: 'values', value: 'K=V', summary: '' },
    size: { kind: 'value', value: 'CxR', summary: '' },
    json: { kind: 'flag', summary: '' },
  },
  program: 'optional',
});
const sending = command({
  operands: { S: { required: true, summary: 'a session' }, TEXT: { required: false, summary: 'a text' } },
  options: { enter: { kind: 'flag', summary: '' } },
});

describe('options', () => {
  test('stand in any order and form, and may repeat', () => {
    const { invocation, namespace } = parseCommandLine(opening, [
      '--env',
      'A=1',
      '-d',
      '--size=80x24',
      '--env=B=--json',
      '--namespace',
      'n',
    ]);
    expect(invocation.options).toEqual({
      detached: true,
      env: ['A=1', 'B=--json'],
      size: '80x24',
      json: false,
    });
    expect(namespace).toBe('n');
  });

  test('of a single value: the last one counts', () => {
    expect(parseCommandLine(opening, ['--size', '1x1', '--size', '2x2']).invocation.options['size']).toBe(
      '2x2',
    );
  });

  test('help asks for nothing else', () => {
    expect(parseCommandLine(sending, ['-h']).help).toBe(true);
  });

  test.each([
    [['--sise', '1x1'], 'there is no option --sise; did you mean --size?'],
    [['-x'], 'there is no option -x'],
    [['--size'], '--size needs a value: --size CxR'],
    [['--size', '--json'], '--size needs a value'],
    [['--json=yes'], '--json takes no value'],
    [['--toString'], 'there is no option --toString'],
  ])('%j is refused', (argv, message) => {
    expect(() => parseCommandLine(opening, argv)).toThrow(message);
  });

  test('a negative number reaches whoever refuses it', () => {
    expect(parseCommandLine(opening, ['--size', '-1']).invocation.options['size']).toBe('-1');
  });
});

describe('a program', () => {
  test('begins behind --, and keeps its own options', () => {
    const { invocation } = parseCommandLine(opening, ['-d', '--', 'ls', '--json', '--', '-d']);
    expect(invocation.program).toEqual(['ls', '--json', '--', '-d']);
    expect(invocation.options['json']).toBe(false);
  });

  test('may begin without --', () => {
    const { invocation } = parseCommandLine(opening, ['-d', 'make', '-j4', '--help']);
    expect(invocation.program).toEqual(['make', '-j4', '--help']);
  });

  test('is missing', () => {
    const running = command({ operands: {}, options: {}, program: 'required' });
    expect(() => parseCommandLine(running, ['--'])).toThrow('the program is missing');
  });
});

describe('operands', () => {
  test('are named by their place', () => {
    const { invocation } = parseCommandLine(sending, ['s', '--enter', '--', '-text']);
    expect(invocation.operands).toEqual({ S: 's', TEXT: '-text' });
  });

  test('the last one may be repeated', () => {
    const forgetting = command({
      operands: { S: { required: false, repeated: true, summary: 'a session' } },
      options: { exited: { kind: 'flag', summary: '' } },
    });
    expect(parseCommandLine(forgetting, ['a', '--exited', 'b', 'c']).invocation.operands).toEqual({
      S: ['a', 'b', 'c'],
    });
    expect(parseCommandLine(forgetting, []).invocation.operands).toEqual({ S: [] });
  });

  test.each([
    [[], 'S is missing (a session'],
    [['s', 'hello', 'world'], '"world" is one argument too many'],
  ])('%j is refused', (argv, message) => {
    expect(() => parseCommandLine(sending, argv)).toThrow(message);
  });
});

function command(parts: {
  operands: Operands;
  options: Options;
  program?: 'optional' | 'required';
}): Command {
  return defineCommand({ name: 'x', summary: '', cannot: '', run: () => Promise.resolve(0), ...parts });
}
