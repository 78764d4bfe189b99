import { expect, test } from 'vitest';
import { historyOf } from './history.ts';

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`;
const log = (...lines: object[]) => lines.map((line) => JSON.stringify({ by: 1, ...line })).join('\n');

test('what has become of the daemon is told newest first, with the versions that other events tell', () => {
  const text = log(
    { time: at(1), event: 'adopt', pid: 7, version: '1.0.0', build: 'aa' },
    {
      time: at(2),
      event: 'update_ok',
      from: 'aa',
      to: 'bb',
      pid: 8,
      sessions: 12,
      clients: 3,
      bytes: 9,
      pauseMs: 4.5,
    },
    { time: at(3), event: 'update_failed', code: 'E_UPGRADE_START', reason: 'it is broken', step: 'spawn' },
    { time: at(4), event: 'restart', sessions: 2 },
  );
  const nothing = { from: null, to: null, sessions: null, pauseMs: null, reason: null };
  expect(historyOf(text)).toEqual([
    { ...nothing, kind: 'restarted', at: at(4), sessions: 2 },
    { ...nothing, kind: 'updateFailed', at: at(3), reason: 'it is broken' },
    { ...nothing, kind: 'updated', at: at(2), from: '1.0.0+aa', to: 'bb', sessions: 12, pauseMs: 4.5 },
  ]);
});

test('a crash that two processes tell of is one; a later one of the same pid is another', () => {
  const text = log(
    { time: at(1), event: 'crash', pid: 7, by: 8 },
    { time: at(2), event: 'crash', pid: 7, by: 8 },
    { time: at(50), event: 'crash', pid: 7, by: 9 },
  );
  expect(historyOf(text).map((entry) => entry.at)).toEqual([at(50), at(1)]);
});

test('an event whose name every object has is none that is told', () => {
  const events = ['toString', 'constructor', '__proto__'];
  expect(historyOf(log(...events.map((event) => ({ time: at(1), event }))))).toEqual([]);
});

test('what is no line of the log is left out', () => {
  const text = `{"time":"2026-01-01T00:0\nnonsense\n{"event":"crash"}\n{"time":"never","event":"crash"}\n`;
  expect(historyOf(`${text}${log({ time: at(1), event: 'crash', pid: null, by: 2 })}`)).toHaveLength(1);
});
