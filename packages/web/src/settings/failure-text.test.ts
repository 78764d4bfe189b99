import { expect, test } from 'vitest';
import { failureText, hasHappened } from './failure-text.ts';

const update = { running: '1.0.0+aaa', available: '1.1.0+bbb' };

test('only a failure before which nothing was handed over says that nothing has changed', () => {
  const certain = ['E_UPGRADE_START', 'E_UPGRADE_TIMEOUT', 'E_UPGRADE_REFUSED', 'E_UPGRADE_UNREADABLE'];
  for (const code of certain) {
    const { title, outcome, isKnown } = failureText(code, update);
    expect(title).toBe('Update couldn’t preserve sessions');
    expect(outcome).toBe('Nothing has changed: 1.0.0+aaa goes on, and your sessions with it.');
    expect(isKnown).toBe(true);
  }
  for (const code of ['E_DISCONNECTED', 'E_TIMEOUT', 'E_PROTOCOL', 'E_INTERNAL', 'E_SOMETHING_NEW']) {
    const { title, outcome, isKnown } = failureText(code, update);
    expect(title).toBe('It isn’t known what became of the update');
    expect(outcome).toBe('It may have happened all the same. The daemon that answered last is 1.0.0+aaa.');
    expect(outcome).not.toContain('Nothing has changed');
    expect(isKnown).toBe(false);
  }
});

test('of another build than the one that was asked for it says which one serves', () => {
  const { outcome, isKnown } = failureText('E_UPGRADE_UNEXPECTED', { ...update, running: '1.0.5+ccc' });
  expect(outcome).toBe('1.0.5+ccc serves, and your sessions go on.');
  expect(isKnown).toBe(true);
});

test.each([
  ['E_NO_DAEMON', 'No daemon could be reached.'],
  ['E_FORBIDDEN', 'Not allowed.'],
  ['E_USAGE', 'It can’t be asked for.'],
])('after %s it is known that nothing was updated, and nothing is said to go on', (code, why) => {
  const { what, outcome, isKnown } = failureText(code, { ...update, running: null });
  expect(what).toBe(why);
  expect(outcome).toBe('Nothing was updated.');
  expect(isKnown).toBe(true);
});

test('an update whose answer was lost has happened if the build that runs is another, and the one that was to come', () => {
  const after = { ...update, running: update.available };
  expect(hasHappened(update, after)).toBe(true);
  expect(hasHappened(update, update)).toBe(false);
  expect(hasHappened(update, { ...update, running: '1.0.5+ccc' })).toBe(false);
  // The same build again: the builds don't tell.
  expect(hasHappened(after, after)).toBe(false);
  expect(hasHappened(undefined, after)).toBe(false);
  expect(hasHappened({ ...update, running: null }, after)).toBe(false);
});
