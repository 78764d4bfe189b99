import { LIMITS } from '@holdfast/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkName, newSessionId, usableName } from './session-name.ts';

test('an id is 12 hexadecimal digits, another one each time', () => {
  const ids = Array.from({ length: 1_000 }, newSessionId);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}$/);
});

test.each([
  'a',
  'my build',
  'ünï-日本 🚀',
  'a/b',
  '1',
  '👨‍👩‍👧 team',
  '🏳️‍🌈',
  'می‌خواهم',
  'क्‍ष',
  'x'.repeat(LIMITS.nameCharacters),
])('%j is a name', (name) => {
  expect(() => checkName(name)).not.toThrow();
});

test.each([
  ['', 'it is empty'],
  ['  ', 'it is empty'],
  ['x'.repeat(LIMITS.nameCharacters + 1), 'it is longer than 64 characters'],
  ['a\nb', 'a control character'],
  ['a\u001b[31m', 'a control character'],
  ['a\u202eb', 'an invisible character'],
  ['a\u200bb', 'an invisible character'],
  ['\u{e0041}', 'an invisible character'],
  ['\ud800', 'one that is none'],
  ['\u200d', 'an invisible character'],
  ['a\u200d', 'an invisible character'],
  ['ma\u200dke', 'an invisible character'],
  ['\u200da', 'an invisible character'],
  ['a\u200d b', 'an invisible character'],
  ['a\u200d\u200db', 'an invisible character'],
  ['a\u200d\u200c\u200db', 'an invisible character'],
  [' a', 'a space'],
  ['a ', 'a space'],
  ['-a', 'a dash'],
])('%j is no name, and the message says why and shows nothing harmful', (name, why) => {
  let message = '';
  try {
    checkName(name);
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_BAD_NAME' });
    message = (error as Error).message;
  }
  expect(message).toContain(why);
  // oxlint-disable-next-line no-control-regex -- what must not be there
  expect(message).not.toMatch(/[\u0000-\u001f]/);
});

test.each([
  ['bash', 'bash'],
  ['-bash', 'bash'],
  ['--', 'session'],
  ['', 'session'],
  ['\u0007\u001b', 'session'],
  ['  spaced  ', 'spaced'],
  ['x'.repeat(500), 'x'.repeat(56)],
  // Cut in the middle of a character.
  [`${'x'.repeat(55)}🚀`, 'x'.repeat(55)],
])('after a program called %j a session is named %j', (program, name) => {
  expect(usableName(program)).toBe(name);
});

test('whatever a program is called, its session has a name, with room for a number', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (program) => {
      const name = usableName(program);
      expect(() => checkName(`${name}-123456`)).not.toThrow();
    }),
    { numRuns: 1_000 },
  );
});
