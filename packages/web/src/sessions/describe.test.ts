import { LIMITS } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { agoOf, commandOf, exitOf, folderOf, isCut, splitCommand } from './describe.ts';

test('a command line is split by blanks and quotes', () => {
  expect(splitCommand(`npm run dev`)).toEqual(['npm', 'run', 'dev']);
  expect(splitCommand(`sh -c 'echo "a b"; exit 3'`)).toEqual(['sh', '-c', 'echo "a b"; exit 3']);
  expect(splitCommand(`grep "a \\"b\\"" my\\ file x"y z"w`)).toEqual(['grep', 'a "b"', 'my file', 'xy zw']);
  expect(splitCommand('   ')).toEqual([]);
  expect(splitCommand(`printf ''`)).toEqual(['printf', '']);
});

test('a command line that ends within a quote, or with a backslash, is none', () => {
  expect(() => splitCommand(`sh -c 'echo hi; sleep 1000`)).toThrow("the quote ' isn’t closed");
  expect(() => splitCommand(`echo "it's`)).toThrow('the quote " isn’t closed');
  expect(() => splitCommand(`echo it's "`)).toThrow("the quote ' isn’t closed");
  expect(() => splitCommand('echo \\')).toThrow('nothing follows the \\ at the end');
  expect(splitCommand(`echo \\' "'" '"' "\\""`)).toEqual(['echo', "'", "'", '"', '"']);
});

test('a command of which the rest is not told is known by its length', () => {
  const told = LIMITS.toldCommandCharacters - 'sh '.length;
  const whole = ['sh', 'x'.repeat(told)];
  expect(isCut(whole)).toBe(false);
  expect(isCut(['sh', `${'x'.repeat(told)}…`])).toBe(true);
  expect(isCut([...whole, '…'])).toBe(true);
  expect(isCut(['echo', '…'])).toBe(false);
});

test('a session is told by what a person would call it', () => {
  expect(commandOf({ command: ['/bin/bash'] })).toBe('bash');
  expect(folderOf({ cwd: '/home/ada/code' })).toBe('~/code');
  expect(folderOf({ cwd: '/root' })).toBe('~');
  expect(folderOf({ cwd: '/srv/a/b/c/d' })).toBe('…/c/d');
  expect(exitOf({ code: 0 })).toEqual({ text: 'Exited', isGood: true });
  expect(exitOf({ code: 3 }).text).toBe('Exited with 3');
  expect(exitOf({ lost: true }).text).toBe('Ended, status lost');
  expect([5_000, 59_000, 3_599_000, 90_000_000].map((ms) => agoOf(0, ms))).toEqual([
    'now',
    '59s',
    '59m',
    '1d',
  ]);
});
