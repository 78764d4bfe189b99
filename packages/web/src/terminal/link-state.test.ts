import { describe, expect, test } from 'vitest';
import {
  eventOfClose,
  LINK,
  linkLabel,
  type LinkEffect,
  type LinkEvent,
  type LinkState,
  pauseBeforeTry,
} from './link-state.ts';

function run(state: LinkState, ...events: LinkEvent[]): { state: LinkState; effects: LinkEffect[] } {
  const effects: LinkEffect[] = [];
  for (const event of events) {
    const next = LINK[state][event];
    effects.push(...next.effects);
    state = next.state;
  }
  return { state, effects };
}

const every = Object.keys(LINK) as LinkState[];
const events = Object.keys(LINK.live) as LinkEvent[];

describe('the link of a pane', () => {
  test('says so when it reconnects, and after ten seconds that nobody responds', () => {
    const again = (...events: LinkEvent[]) => linkLabel(run('live', ...events).state, { wasAttached: true });
    expect(again('lost')).toBe('Reconnecting…');
    expect(again('lost', 'due', 'lost')).toBe('Reconnecting…');
    expect(again('lost', 'due', 'lost', 'late')).toBe("Terminals aren't responding");
    expect(again('lost', 'late', 'due', 'lost', 'due')).toBe("Terminals aren't responding");
    expect(again('refused')).toBe('Disconnected');
  });

  test('says that it connects, and not that it does so again, until it is attached', () => {
    const first = (...events: LinkEvent[]) =>
      linkLabel(run('opening', ...events).state, { wasAttached: false });
    expect(first()).toBe('Connecting…');
    expect(first('lost')).toBe('Connecting…');
    expect(first('lost', 'due', 'lost', 'due')).toBe('Connecting…');
    expect(first('lost', 'late')).toBe("Terminals aren't responding");
    expect(first('refused')).toBe('Disconnected');
    expect(first('attached')).toBeNull();
  });

  test('recovers by itself from everything but a refusal', () => {
    expect(run('live', 'lost', 'due', 'attached').state).toBe('live');
    expect(run('live', 'lost', 'late', 'due', 'attached').state).toBe('live');
    expect(run('live', 'unanswered', 'answered').state).toBe('live');
    expect(run('live', 'refused', 'due').state).toBe('refused');
    expect(run('live', 'refused', 'reconnect')).toMatchObject({
      state: 'opening',
      effects: expect.arrayContaining(['open']),
    });
  });

  test('has one socket at most: it opens one only where none is open, or closes that first', () => {
    const hasSocket = (state: LinkState) => ['opening', 'openingLate', 'live', 'stalled'].includes(state);
    for (const state of every)
      for (const event of events) {
        const { effects, state: next } = LINK[state][event];
        if (!effects.includes('open')) continue;
        expect(next, `${state} ${event}`).toMatch(/^opening/);
        if (hasSocket(state))
          expect(effects.indexOf('close'), `${state} ${event}`).toBeLessThan(effects.indexOf('open'));
        if (hasSocket(state)) expect(effects, `${state} ${event}`).toContain('close');
      }
  });

  test('waits for a try exactly while one is scheduled', () => {
    const waits = (state: LinkState) => state.startsWith('waiting');
    for (const state of every)
      for (const event of events) {
        const { effects, state: next } = LINK[state][event];
        if (!waits(state) && waits(next)) expect(effects, `${state} ${event}`).toContain('scheduleTry');
        if (waits(state) && !waits(next) && event !== 'due')
          expect(effects, `${state} ${event}`).toContain('cancelTry');
      }
  });

  test('is never left once the program has ended', () => {
    for (const event of events) expect(LINK.ended[event]).toEqual({ state: 'ended', effects: [] });
  });
});

test('close codes of the host say whether to try again', () => {
  expect([1001, 1006, 1012, 4408, 4503].map(eventOfClose)).toEqual(Array(5).fill('lost'));
  expect([4400, 4401, 4403, 4404, 4500].map(eventOfClose)).toEqual(Array(5).fill('refused'));
  expect(eventOfClose(1000)).toBe('exited');
});

test('tries are further apart each time, up to ten seconds', () => {
  expect([0, 1, 2, 10].map((tries) => pauseBeforeTry(tries, 1006))).toEqual([250, 500, 1_000, 10_000]);
  expect(pauseBeforeTry(0, 4503)).toBe(1_000);
});
