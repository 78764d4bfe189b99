import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import {
  type Event,
  EVENTS,
  parseFromDaemon,
  parseRequest,
  parseResult,
  type RequestParameters,
  type RequestResult,
  REQUESTS,
  type RequestType,
  type Session,
} from './messages.ts';

const session: Session = {
  id: '0123456789ab',
  name: 'bash',
  pid: 4242,
  command: ['bash', '-l'],
  cwd: '/home/ü',
  cols: 80,
  rows: 24,
  state: 'exited',
  exit: { code: 0 },
  createdAt: '2026-01-01T00:00:00.000Z',
  exitedAt: '2026-01-01T00:01:00.000Z',
  clients: 0,
  offset: 70_000,
  historyStart: 0,
  historyBytes: 1_048_576,
  historyIn: 'disk',
  foreground: null,
  warnings: [],
};
const daemon = {
  pid: 1,
  version: '1.0.0',
  build: 'abc',
  node: '20.20.2',
  generation: 1,
  startedAt: session.createdAt,
};

/** One of each, with every field. */
const requests: {
  [T in RequestType]: { parameters: Required<RequestParameters<T>>; result: RequestResult<T> };
} = {
  hello: {
    parameters: { protocols: [1, 2], client: { name: 'test', version: '1' }, limitedTo: 'bash' },
    result: { protocol: 1, daemon, home: '/home/x', limitedTo: session.id },
  },
  status: {
    parameters: {},
    result: {
      daemon,
      sessions: { running: 1, exited: 2 },
      clients: 3,
      home: '/home/x',
      holders: [
        { session: session.id, by: 'lease', clientPid: null, limit: 5 },
        { session: session.id, by: 'leader', clientPid: 7, limit: 5 },
      ],
    },
  },
  list: { parameters: {}, result: { sessions: [session] } },
  get: { parameters: { session: '0123' }, result: { session } },
  open: {
    parameters: {
      command: ['bash', ''],
      cwd: '/',
      env: { PATH: '/bin', EMPTY: '' },
      name: 'name',
      cols: 80,
      rows: 24,
      historyBytes: LIMITS.historyBytesMin,
      historyIn: 'memory',
      leaseMs: 5_000,
      umask: 0o22,
      openFilesLimit: 1024,
    },
    result: { session },
  },
  subscribe: {
    parameters: {
      session: 'bash',
      channel: 0xffff_ffff,
      from: Number.MAX_SAFE_INTEGER,
      newestBytes: 0,
      mode: 'viewer',
      leaseMs: 0,
      readOnly: false,
      windowBytes: 0,
      viewport: { cols: 1, rows: 4096 },
      sshAuthSock: '/tmp/agent',
      inside: 'abc',
    },
    result: { session, offset: 0, leading: true },
  },
  unsubscribe: { parameters: { channel: 0 }, result: {} },
  viewport: { parameters: { channel: 1, cols: 1, rows: 1 }, result: {} },
  openInput: {
    parameters: { session: 'bash', channel: 1, stream: '12345678', viewer: 2, again: true },
    result: { session, received: 1, done: 0 },
  },
  closeInput: { parameters: { channel: 1 }, result: {} },
  endInput: { parameters: { channel: 1, midLine: true }, result: { typed: false } },
  resize: { parameters: { session: 'bash', cols: 80, rows: 24 }, result: { session } },
  rename: { parameters: { session: 'bash', name: 'other' }, result: { session } },
  signal: { parameters: { session: 'bash', signal: 'SIGINT' }, result: {} },
  kill: { parameters: { session: 'bash' }, result: { session } },
  forget: { parameters: { session: 'bash' }, result: {} },
  restore: {
    parameters: { session: 'bash', env: { PATH: '/bin' }, umask: 0o22, openFilesLimit: 1024 },
    result: { session },
  },
  wait: { parameters: { session: 'bash' }, result: { session } },
  cancel: { parameters: { request: Number.MAX_SAFE_INTEGER }, result: {} },
  capture: {
    parameters: {
      session: 'bash',
      format: 'paint',
      historyLines: LIMITS.captureHistoryLines,
      viewport: { cols: 80, rows: 24 },
    },
    result: {
      offset: 5,
      cols: 80,
      rows: 24,
      cursor: { x: 79, y: 0, hidden: true },
      alternate: false,
      title: 'vim',
      incomplete: ['history'],
      text: '<pre></pre>',
    },
  },
  timeline: {
    parameters: { session: 'bash', from: 0 },
    result: {
      times: [[0, 1_700_000_000_000.5]],
      sizes: [{ offset: 0, cols: 80, rows: 24, timeMs: 1_700_000_000_000 }],
      next: 4_096,
    },
  },
  watch: { parameters: {}, result: { sessions: [] } },
  upgrade: {
    parameters: {
      node: '/usr/bin/node',
      execArgv: ['--enable-source-maps'],
      entry: '/opt/holdfast/daemon.js',
      expect: { version: '1.2.3', build: '0123456789ab' },
      deadline: '123456789012345',
      keeper: { node: '/usr/bin/node', entry: '/opt/holdfast/keeper.js' },
    },
    result: {
      from: { pid: 1, version: '1.2.2', build: 'ba9876543210' },
      to: { pid: 2, version: '1.2.3', build: '0123456789ab' },
      sessions: 3,
      clients: { kept: 2, dropped: 0 },
      pauseMs: 4.2,
    },
  },
  stop: { parameters: {}, result: { ended: 0 } },
};

const events: { [T in keyof typeof EVENTS]: Event & { event: T } } = {
  exited: { event: 'exited', channel: 1, offset: 5, exit: { signal: 'SIGKILL' } },
  gap: { event: 'gap', channel: 1, from: 1, to: 2, reason: 'evicted' },
  resync: { event: 'resync', channel: 1, offset: 2 },
  resized: { event: 'resized', channel: 1, offset: 2, cols: 80, rows: 24 },
  leading: { event: 'leading', channel: 1, leading: true, offset: 3 },
  inputUnknown: { event: 'inputUnknown', channel: 1, from: 1, to: 2 },
  inputClosed: { event: 'inputClosed', channel: 1, done: 2 },
  session: { event: 'session', session },
  forgotten: { event: 'forgotten', id: session.id },
  closing: { event: 'closing', code: 'E_LIMIT', message: 'too many' },
};

const types = Object.keys(REQUESTS) as RequestType[];

describe.for(types)('the request %s', (type) => {
  const { parameters, result } = requests[type];
  const sample = { id: 7, type, ...parameters };

  test('is read with every field, and with fields of a later version, which are left out', () => {
    const read = { kind: 'request', request: { id: 7, type, parameters } };
    expect(parseRequest(JSON.stringify(sample))).toEqual(read);
    expect(parseRequest(JSON.stringify({ ...sample, later: { than: 'this' } }))).toEqual(read);
  });

  test('is refused, by name of the field, when any field has a wrong type or is missing', () => {
    for (const [field, value] of Object.entries(parameters)) {
      // An object is nowhere a scalar, a fraction is nowhere a whole number, and null is nothing anywhere.
      for (const wrong of [
        null,
        1.5,
        typeof value === 'string' ? 5 : typeof value === 'boolean' ? 'true' : true,
      ]) {
        const parsed = parseRequest(JSON.stringify({ ...sample, [field]: wrong }));
        expect(parsed).toMatchObject({ kind: 'bad', id: 7, code: 'E_BAD_REQUEST' });
        expect(parsed).toHaveProperty(
          'message',
          expect.stringMatching(new RegExp(`^${type}: ${field}[.:]? ?.* must `)),
        );
      }
      const parsed = parseRequest(JSON.stringify({ ...sample, [field]: undefined }));
      if (parsed.kind === 'bad')
        expect(parsed.message).toMatch(new RegExp(`^${type}: ${field}: (is missing|must be an offset)`));
    }
  });

  test('has a result that is read, and refused when it is none', () => {
    const answer = parseFromDaemon(JSON.stringify({ id: 7, ok: { ...result, later: 1 } }));
    expect(answer).toMatchObject({ kind: 'answer', id: 7 });
    expect(parseResult(type, answer.kind === 'answer' ? answer.ok : undefined)).toEqual({
      kind: 'result',
      result,
    });
    for (const [field] of Object.entries(result)) {
      expect(parseResult(type, { ...result, [field]: null })).toMatchObject({
        kind: 'bad',
        message: expect.stringContaining(field),
      });
    }
    expect(parseResult(type, 'text')).toMatchObject({ kind: 'bad' });
  });
});

describe('parameters', () => {
  const bad = (type: RequestType, change: object): string => {
    const parsed = parseRequest(JSON.stringify({ id: 1, type, ...requests[type].parameters, ...change }));
    return parsed.kind === 'bad' ? parsed.message : 'accepted';
  };

  test('keep to their ranges, and the message says to which', () => {
    expect(bad('open', { cols: 0 })).toBe('open: cols: must be at least 1');
    expect(bad('open', { rows: 4_097 })).toBe('open: rows: must be at most 4096');
    expect(bad('open', { historyBytes: 65_535 })).toBe('open: historyBytes: must be at least 65536');
    expect(bad('open', { historyBytes: 2 ** 31 })).toBe('open: historyBytes: must be at most 1073741824');
    expect(bad('open', { umask: 0o1000 })).toBe('open: umask: must be at most 511');
    expect(bad('open', { openFilesLimit: 15 })).toBe('open: openFilesLimit: must be at least 16');
    expect(bad('open', { historyIn: 'cloud' })).toBe('open: historyIn: must be "disk" or "memory"');
    expect(bad('open', { command: ['a', 5] })).toBe('open: command.1: must be a string');
    expect(bad('open', { command: ['a\0b'] })).toBe('open: command.0: contains a NUL character');
    expect(bad('open', { cwd: '/\0' })).toBe('open: cwd: contains a NUL character');
    expect(bad('open', { env: { A: 'x\0' } })).toBe('open: env.A: contains a NUL character');
    for (const name of ['A\0', '', 'A=B']) {
      expect(bad('open', { env: { [name]: '' } })).toMatch(/^open: env/);
    }
    expect(bad('subscribe', { channel: 2 ** 32 })).toBe('subscribe: channel: must be at most 4294967295');
    expect(bad('subscribe', { from: 'begin' })).toBe('subscribe: from: must be an offset, "start" or "now"');
    expect(bad('subscribe', { from: 2 ** 53 })).not.toBe('accepted');
    expect(bad('subscribe', { mode: 'both' })).toBe('subscribe: mode: must be "viewer" or "exact"');
    expect(bad('subscribe', { leaseMs: 3_600_001 })).toBe('subscribe: leaseMs: must be at most 3600000');
    expect(bad('subscribe', { viewport: { cols: 80 } })).toBe('subscribe: viewport.rows: is missing');
    expect(bad('get', { session: '' })).toBe('get: session: must have at least 1 characters');
    expect(bad('get', { session: 'x'.repeat(257) })).toBe('get: session: must have at most 256 characters');
    expect(bad('openInput', { stream: '1234567' })).toBe(
      'openInput: stream: must have at least 8 characters',
    );
    expect(bad('hello', { protocols: [] })).toBe('hello: protocols: must have at least 1 items');
    expect(bad('hello', { protocols: ['1'] })).toBe('hello: protocols.0: must be a number');
  });

  test('say which request is unknown, and what is no request at all', () => {
    expect(parseRequest('{"id":3,"type":"fly"}')).toEqual({
      kind: 'bad',
      id: 3,
      code: 'E_UNKNOWN_REQUEST',
      message: 'there is no request "fly"',
    });
    for (const name of ['__proto__', 'constructor', 'toString', '']) {
      expect(parseRequest(JSON.stringify({ id: 3, type: name }))).toMatchObject({
        code: 'E_UNKNOWN_REQUEST',
      });
    }
    for (const json of [
      '',
      'nonsense',
      '5',
      '[]',
      'null',
      '{}',
      '{"id":-1,"type":"list"}',
      '{"id":"1","type":"list"}',
      '{"id":1}',
    ]) {
      expect(parseRequest(json)).toMatchObject({ kind: 'bad', id: undefined, code: 'E_PROTOCOL' });
    }
    expect(parseRequest('{')).toMatchObject({ message: 'a control frame is not a request: it is not JSON' });
  });

  test('never come from the prototype', () => {
    const parsed = parseRequest(
      '{"id":1,"type":"open","__proto__":{"command":[],"cwd":"/","env":{},"cols":1,"rows":1}}',
    );
    expect(parsed).toMatchObject({ kind: 'bad', code: 'E_BAD_REQUEST' });
  });
});

describe('what the daemon says', () => {
  test.for(Object.values(events))('is read: the event $event', (event) => {
    expect(parseFromDaemon(JSON.stringify(event))).toEqual({ kind: 'event', event });
    expect(parseFromDaemon(JSON.stringify({ ...event, later: 1 }))).toEqual({ kind: 'event', event });
    for (const field of Object.keys(event)) {
      if (field === 'event') continue;
      expect(parseFromDaemon(JSON.stringify({ ...event, [field]: null }))).toMatchObject({
        kind: 'bad',
        message: expect.stringContaining(field),
      });
    }
  });

  test('is ignored where it is an event of a later version', () => {
    for (const event of ['later', '', 'toString', '__proto__']) {
      expect(parseFromDaemon(JSON.stringify({ event, channel: 1 }))).toEqual({ kind: 'ignored' });
    }
  });

  test('may be a failure, with a code of a later version', () => {
    const failure = { id: 9, error: { code: 'E_LATER', message: 'why', more: 1 } };
    expect(parseFromDaemon(JSON.stringify(failure))).toEqual({
      kind: 'failure',
      id: 9,
      code: 'E_LATER',
      message: 'why',
    });
  });

  test('is bad where it is none of these', () => {
    for (const json of [
      '',
      '5',
      'null',
      '[]',
      '{}',
      '{"event":5}',
      '{"id":1}',
      '{"id":1,"ok":5}',
      '{"id":1,"ok":[]}',
      '{"id":1,"error":{}}',
    ]) {
      expect(parseFromDaemon(json)).toMatchObject({ kind: 'bad', message: expect.any(String) });
    }
  });

  test('covers every row of the table', () => {
    expect(Object.keys(events).toSorted()).toEqual(Object.keys(EVENTS).toSorted());
  });
});

describe('whatever comes', () => {
  const nearly = fc.record(
    {
      id: fc.oneof(fc.nat(), fc.jsonValue()),
      type: fc.oneof(fc.constantFrom(...types), fc.string()),
      event: fc.oneof(fc.constantFrom(...Object.keys(EVENTS)), fc.string()),
      ok: fc.jsonValue(),
      error: fc.jsonValue(),
      session: fc.jsonValue(),
      channel: fc.jsonValue(),
      command: fc.jsonValue(),
      env: fc.jsonValue(),
      from: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const json = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    nearly.map((value) => JSON.stringify(value)),
  );

  test('parsing never throws', () => {
    fc.assert(
      fc.property(json, (text) => {
        expect(['request', 'bad']).toContain(parseRequest(text).kind);
        expect(['answer', 'failure', 'event', 'ignored', 'bad']).toContain(parseFromDaemon(text).kind);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue(), (type, value) => {
        expect(['result', 'bad']).toContain(parseResult(type, value).kind);
      }),
    );
  });

  test('parsing never throws on what is nested as deeply as a frame can hold', () => {
    const half = LIMITS.controlFrameBytes / 2;
    for (const text of [
      `${'['.repeat(half)}${']'.repeat(half)}`,
      '{"a":'.repeat(half / 3),
      `{"id":1,"type":"open","env":${'['.repeat(half)}`,
    ]) {
      const startedMs = performance.now();
      expect(parseRequest(text).kind).toBe('bad');
      expect(parseFromDaemon(text).kind).toBe('bad');
      // Parsed in earnest it would be seconds.
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    }
  });

  test('brackets in texts are no nesting', () => {
    const value = `${'['.repeat(1_000)}\\"{\\\\`;
    const open = { command: [], cwd: '/', env: { FUNCTIONS: value }, cols: 80, rows: 24 };
    expect(parseRequest(JSON.stringify({ id: 1, type: 'open', ...open }))).toMatchObject({
      kind: 'request',
      request: { parameters: open },
    });
  });

  test('every request that is sent is read as it was meant', () => {
    const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''));
    const open = fc.record({
      command: fc.array(text, { maxLength: 5 }),
      cwd: text,
      env: fc.dictionary(
        text.filter((name) => name !== '' && name !== '__proto__' && !name.includes('=')),
        text,
        { noNullPrototype: true },
      ),
      cols: fc.integer({ min: 1, max: 4_096 }),
      rows: fc.integer({ min: 1, max: 4_096 }),
    });
    fc.assert(
      fc.property(open, fc.nat(), (parameters, id) => {
        expect(parseRequest(JSON.stringify({ id, type: 'open', ...parameters }))).toEqual({
          kind: 'request',
          request: { id, type: 'open', parameters },
        });
      }),
    );
  });
});
