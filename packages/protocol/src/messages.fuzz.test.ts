import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFromDaemon, parseRequest } from './messages.ts';

const requests = hostileJson(
  { id: 1, type: 'hello', protocols: [1, 2], client: { name: 'test', version: '1' }, limitedTo: 'bash' },
  {
    id: 2,
    type: 'open',
    command: ['bash', ''],
    cwd: '/',
    env: { PATH: '/bin' },
    name: 'name',
    cols: 80,
    rows: 24,
    historyBytes: 65_536,
    historyIn: 'memory',
    leaseMs: 5_000,
    umask: 18,
    openFilesLimit: 1_024,
  },
  {
    id: 3,
    type: 'subscribe',
    session: 'bash',
    channel: 1,
    from: 5,
    mode: 'viewer',
    leaseMs: 0,
    viewport: { cols: 1, rows: 4_096 },
  },
  { id: 4, type: 'openInput', session: 'bash', channel: 1, stream: '12345678', viewer: 2 },
  {
    id: 5,
    type: 'upgrade',
    node: '/usr/bin/node',
    execArgv: ['--x'],
    entry: '/opt/daemon.js',
    expect: { version: '1', build: '0123456789ab' },
    deadline: '123456789012345',
    keeper: { node: '/usr/bin/node', entry: '/opt/keeper.js' },
  },
  { id: 6, type: 'wait', session: 'bash' },
  { id: 7, type: 'cancel', request: 6 },
);
const said = hostileJson(
  { id: 9, error: { code: 'E_LATER', message: 'why' } },
  { id: 9, ok: { offset: 1, sessions: [] } },
  { event: 'exited', channel: 1, offset: 5, exit: { signal: 'SIGKILL' } },
  { event: 'gap', channel: 1, from: 1, to: 2, reason: 'evicted' },
  { event: 'resized', channel: 1, offset: 2, cols: 80, rows: 24 },
  { event: 'closing', code: 'E_LIMIT', message: 'too many' },
);

test('a request is refused with a code, or read, and sent again it is read the same', () => {
  fc.assert(
    fc.property(requests, (text) => {
      const outcome = judge(() => parseRequest(text));
      if (outcome.kind === 'refused') throw outcome.error;
      if (outcome.result.kind === 'bad') return;
      const { id, type, parameters } = outcome.result.request;
      expect(parseRequest(JSON.stringify({ id, type, ...parameters }))).toEqual(outcome.result);
    }),
    fuzzRuns(2_000),
  );
});

test('what a daemon says is told to be bad, or read, and said again it is read the same', () => {
  fc.assert(
    fc.property(said, (text) => {
      const outcome = judge(() => parseFromDaemon(text));
      if (outcome.kind === 'refused') throw outcome.error;
      if (outcome.result.kind !== 'event') return;
      expect(parseFromDaemon(JSON.stringify(outcome.result.event))).toEqual(outcome.result);
    }),
    fuzzRuns(2_000),
  );
});
