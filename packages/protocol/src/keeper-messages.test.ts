import { expect, test } from 'vitest';
import {
  isHeldName,
  KEEPER_LIMITS,
  parseFromKeeper,
  parseKeeperAnswer,
  parseKeeperReport,
  parseKeeperRequest,
  parseToKeeper,
} from './keeper.ts';

const start = { node: '/bin/node', nodeArguments: ['--x'], entry: '/opt/main.js' };

test('messages are parsed by their row, and what a later version adds is left out', () => {
  expect(parseToKeeper('{"type":"hold","name":"session/a1","pid":7,"later":1}')).toEqual({
    type: 'hold',
    name: 'session/a1',
    pid: 7,
  });
  expect(parseToKeeper(JSON.stringify({ type: 'current', pid: 7, ...start }))).toEqual({
    type: 'current',
    pid: 7,
    ...start,
  });
  expect(parseFromKeeper('{"type":"exited","pid":7,"status":{"signal":"SIGSEGV"}}')).toEqual({
    type: 'exited',
    pid: 7,
    status: { signal: 'SIGSEGV' },
  });
});

test.for([
  ['{', /JSON/],
  ['{"type":"toString"}', /no such message/],
  ['{"type":"hold"}', /name: is missing/],
  ['{"type":"hold","name":"other"}', /name/],
  ['{"type":"taken","pid":0}', /pid/],
  ['{"type":"taken","pid":-1}', /pid/],
  [JSON.stringify({ type: 'current', pid: 7, ...start, node: 'node' }), /node: must be an absolute path/],
  [JSON.stringify({ type: 'current', pid: 7, ...start, entry: '/a\0b' }), /entry: contains a NUL/],
  [JSON.stringify({ type: 'current', pid: 7, ...start, nodeArguments: Array(33).fill('x') }), /at most 32/],
  [`{"type":"giveBack","x":"${'x'.repeat(KEEPER_LIMITS.messageBytes)}"}`, /longer than/],
] as const)('%s is no message', ([text, why]) => {
  expect(() => parseToKeeper(text)).toThrow(why);
});

test('a name is that of the lock, the listener or a session, and no path', () => {
  const long = 'x'.repeat(KEEPER_LIMITS.sessionIdCharacters);
  const good = ['lock', 'listener', 'session/0a_-Z', `session/${long}`];
  const bad = ['', 'session/', 'session/../x', 'session/a/b', `session/${long}x`, 'lock\n'];
  expect([...good, ...bad].filter(isHeldName)).toEqual(good);
});

test('requests, answers and reports are parsed by their rows', () => {
  expect(parseKeeperRequest('{"type":"status"}')).toEqual({ type: 'status', parameters: {} });
  expect(parseKeeperRequest(JSON.stringify({ type: 'resume', ...start }))).toEqual({
    type: 'resume',
    parameters: start,
  });
  expect(() => parseKeeperRequest('{"type":"resume"}')).toThrow(/node: is missing/);
  expect(() => parseKeeperRequest('{"type":"constructor"}')).toThrow(/knows no request/);
  const report = {
    pid: 1,
    version: '1',
    build: 'b',
    state: 'held',
    daemonPid: null,
    failures: 3,
    reason: 'because',
  };
  expect(parseKeeperReport(JSON.stringify(report))).toEqual(report);
  expect(parseKeeperAnswer('status', JSON.stringify({ ok: { report } }))).toEqual({ report });
  expect(() => parseKeeperAnswer('replace', '{"error":"it does not start"}')).toThrow('it does not start');
  expect(() => parseKeeperAnswer('replace', '{"ok":{}}')).toThrow(/replace with pid: is missing/);
});
