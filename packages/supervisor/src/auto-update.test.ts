import { expect, test } from 'vitest';
import {
  AUTO_UPDATE,
  type AutoUpdateEvent,
  type AutoUpdateState,
  type AutoUpdateStep,
} from './auto-update.ts';

test.each<[string, AutoUpdateEvent[], AutoUpdateState, string[]]>([
  [
    'an older daemon is upgraded when its time has come',
    ['newer', 'newer', 'due', 'ok'],
    'done',
    ['tellPending', 'schedule', 'upgrade', 'tellOk'],
  ],
  [
    'a failure is tried again, and then no more',
    ['newer', 'due', 'failed', 'due', 'failedLast', 'newer', 'due'],
    'givenUp',
    ['tellPending', 'schedule', 'upgrade', 'tellFailed', 'schedule', 'upgrade', 'tellFailed', 'tellGivenUp'],
  ],
  ['what others have tried too often is not tried', ['spent', 'newer', 'due'], 'givenUp', ['tellPending']],
  [
    'what has been done by somebody else is not done',
    ['newer', 'current', 'due'],
    'idle',
    ['tellPending', 'schedule', 'cancel'],
  ],
  [
    'who finds somebody else at it looks again, and has not failed',
    ['newer', 'due', 'busy', 'busy', 'due', 'ok'],
    'done',
    ['tellPending', 'schedule', 'upgrade', 'scheduleSame', 'upgrade', 'tellOk'],
  ],
  [
    'nobody takes turns',
    ['newer', 'due', 'ok', 'newer', 'due'],
    'done',
    ['tellPending', 'schedule', 'upgrade', 'tellOk'],
  ],
])('%s', (_claim, events, wanted, effects) => {
  let state: AutoUpdateState = 'idle';
  const seen: string[] = [];
  for (const event of events) {
    const found: AutoUpdateStep | undefined = AUTO_UPDATE[state][event];
    state = found?.state ?? state;
    seen.push(...(found?.effects ?? []));
  }
  expect({ state, effects: seen }).toEqual({ state: wanted, effects });
});
