import { expect, test } from 'vitest';
import { readStatusAnswer, readUpgradeAnswer } from './answers.ts';

const NOTHING = {
  daemon: null,
  keeper: null,
  update: { pending: false, running: null, available: null, failure: null, underWay: null },
  sessions: { running: 0, exited: 0 },
  clients: 0,
  home: '/h',
  holders: [],
  aside: [],
  eventLoop: null,
};
const BUILD = { pid: 1, version: '1.0.0', build: 'abc' };

test('a status of a host is believed if it is one, and its fields of later versions are left out', () => {
  expect(readStatusAnswer({ ...NOTHING, later: 1 })).toEqual(NOTHING);
  const { sessions: _, ...less } = NOTHING;
  for (const answer of [null, 'x', {}, less, { ...NOTHING, daemon: { pid: 1 } }, { ...NOTHING, aside: 3 }])
    expect(() => readStatusAnswer(answer)).toThrow("the host's answer can't be read");
});

test('so is the outcome of an upgrade; a code that is not known is an internal one', () => {
  const upgraded = { from: BUILD, to: BUILD, sessions: 2, clients: { kept: 1, dropped: 0 }, pauseMs: 3 };
  const outcome = { ok: true, keeper: null, ...upgraded };
  expect(readUpgradeAnswer(outcome)).toEqual(outcome);
  const started = { ok: true, keeper: null, from: null, to: BUILD, sessions: 0 };
  expect(readUpgradeAnswer(started)).toEqual(started);
  const failed = { ok: false, code: 'E_OF_TOMORROW', reason: 'why', sessions: null };
  expect(readUpgradeAnswer(failed)).toEqual({ ...failed, code: 'E_INTERNAL' });
  for (const answer of [{ ok: true }, { ...outcome, pauseMs: 'x' }, { ...outcome, to: null }, { ok: 'no' }])
    expect(() => readUpgradeAnswer(answer)).toThrow("the host's answer can't be read");
});
