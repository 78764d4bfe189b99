import { HoldfastError } from '@holdfast/protocol';
import { expect, test } from 'vitest';
import { describeFailure } from './errors.ts';
import { exitCodeOfSession } from './exit-codes.ts';

test.each([
  ['E_USAGE', 2],
  ['E_NO_SESSION', 3],
  ['E_AMBIGUOUS', 3],
  ['E_NO_DAEMON', 4],
  ['E_DAEMON_START', 4],
  ['E_DISCONNECTED', 4],
  ['E_TIMEOUT', 124],
  ['E_NAME_TAKEN', 1],
] as const)('%s ends with %d', (code, exitCode) => {
  expect(describeFailure("can't send", new HoldfastError(code, 'why')).exitCode).toBe(exitCode);
});

test('an error is one line: what could not be done, and why', () => {
  expect(describeFailure("can't send", new HoldfastError('E_EXITED', 'it has\nexited')).message).toBe(
    "can't send: it has exited",
  );
  expect(describeFailure("can't send", new HoldfastError('E_NO_DAEMON', "can't connect: x")).message).toBe(
    "can't connect: x",
  );
});

test('a surprise is a fault of ours', () => {
  expect(describeFailure("can't send", new TypeError('x is undefined'))).toMatchObject({
    code: 'E_INTERNAL',
    exitCode: 1,
  });
});

test.each([
  [{ code: 0 }, 0],
  [{ code: 255 }, 255],
  [{ signal: 'SIGKILL' }, 137],
  [{ signal: 'SIG34' }, 162],
  [{ lost: true } as const, 255],
  [null, 255],
])('a session that ended with %j ends run with %d', (exit, code) => {
  expect(exitCodeOfSession(exit)).toBe(code);
});
