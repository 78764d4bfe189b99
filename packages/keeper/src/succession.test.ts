import { expect, test } from 'vitest';
import { SUCCESSION, type Succession, type SuccessionEvent } from './succession.ts';

/** Where the events lead from a daemon that is alone, and what is done on the way. */
function after(...events: SuccessionEvent[]): [Succession, string[]] {
  let state: Succession = 'alone';
  const actions = events.map((event) => {
    const step = SUCCESSION[state][event];
    if (!step) return 'refused';
    state = step[0];
    return step[1];
  });
  return [state, actions.filter((action) => action !== 'nothing')];
}

test.for<[string, SuccessionEvent[], Succession, string[]]>([
  ['an upgrade', ['channel', 'adopted', 'asks', 'otherGone'], 'alone', ['offer', 'grant']],
  ['a daemon that dies', ['currentGone', 'started'], 'alone', ['startAfresh']],
  ['a successor that dies while it loads', ['channel', 'otherGone'], 'alone', ['offer']],
  ['a successor that dies when it has adopted', ['channel', 'adopted', 'otherGone'], 'alone', ['offer']],
  [
    'a successor that dies when it has been granted',
    ['channel', 'adopted', 'asks', 'currentGone'],
    'alone',
    ['offer', 'grant', 'currentAgain'],
  ],
  [
    'a predecessor that dies while its successor loads',
    ['channel', 'currentGone', 'started'],
    'alone',
    ['offer', 'startAfresh'],
  ],
  [
    'a predecessor that dies when its successor has adopted',
    ['channel', 'adopted', 'currentGone'],
    'alone',
    ['offer', 'grant'],
  ],
  [
    'both dying when the successor has adopted',
    ['channel', 'adopted', 'otherGone', 'currentGone'],
    'none',
    ['offer', 'startAfresh'],
  ],
  [
    'both dying when the successor has been granted',
    ['channel', 'adopted', 'asks', 'otherGone', 'currentGone'],
    'none',
    ['offer', 'grant', 'startAfresh'],
  ],
  ['a second try', ['channel', 'channel', 'adopted', 'asks'], 'succeeded', ['offer', 'offer', 'grant']],
])('%s', ([, events, state, actions]) => {
  expect(after(...events)).toEqual([state, actions]);
});

test.for<[string, SuccessionEvent[]]>([
  ['nobody is granted who has not adopted everything', ['channel', 'asks']],
  ['there is one hand-over at a time', ['channel', 'adopted', 'channel']],
  [
    'as long as the predecessor lives, there is no further hand-over',
    ['channel', 'adopted', 'asks', 'channel'],
  ],
  ['without a channel there is no successor', ['asks']],
])('%s', ([, events]) => {
  expect(after(...events)[1]).toContain('refused');
});

test('only a death of the current daemon, or its successor asking, changes who is current', () => {
  for (const row of Object.values(SUCCESSION))
    for (const [event, [, action]] of Object.entries(row))
      if (['grant', 'currentAgain', 'startAfresh'].includes(action))
        expect(['currentGone', 'asks']).toContain(event);
});
