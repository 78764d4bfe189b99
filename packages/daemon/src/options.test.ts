import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

const folders = ['serve', '--runtime-dir', '/run', '--state-dir', '/state'];

test('the home is shown as its state folder unless it is given', () => {
  expect(parseOptions(folders)).toEqual({
    runtimeDir: '/run',
    stateDir: '/state',
    home: '/state',
    readyFd: undefined,
    usePidfd: true,
  });
  expect(parseOptions([...folders, '--home', '/home', '--ready-fd', '3', '--no-pidfd'])).toMatchObject({
    home: '/home',
    readyFd: 3,
    usePidfd: false,
  });
});

test.each([
  [[]],
  [folders.slice(1)],
  [['serve']],
  [['serve', '--runtime-dir', '/run']],
  [['serve', '--runtime-dir', '', '--state-dir', '/state']],
  [['adopt', ...folders.slice(1)]],
  [[...folders, 'more']],
  [[...folders, '--unknown']],
  [[...folders, '--ready-fd', 'x']],
  [[...folders, '--ready-fd=-1']],
  [[...folders, '--ready-fd', '']],
])('arguments %j are refused', (args) => {
  expect(() => parseOptions(args)).toThrow(Error);
});
