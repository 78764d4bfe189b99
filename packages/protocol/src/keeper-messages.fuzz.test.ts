import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  parseFromKeeper,
  parseKeeperAnswer,
  parseKeeperReport,
  parseKeeperRequest,
  parseToKeeper,
} from './keeper.ts';

const start = { node: '/bin/node', nodeArguments: ['--x'], entry: '/opt/main.js' };
const report = {
  pid: 1,
  startTime: 5,
  version: '1',
  build: 'b',
  state: 'held',
  heldSince: null,
  daemonPid: null,
  failures: 3,
  reason: 'because',
};

/** Each with what the parser's result looks like on the wire. */
const parsers = {
  'what a daemon says': {
    texts: hostileJson(
      { type: 'hold', name: 'session/a1', pid: 7 },
      { type: 'ended', name: 'session/a1', pid: 7, status: { code: 0 } },
      { type: 'spawn', ...start, question: 1 },
      { type: 'current', pid: 7, ...start },
      { type: 'stop' },
    ),
    parse: parseToKeeper,
    written: (message: object) => message,
  },
  'what the keeper says': {
    texts: hostileJson(
      { type: 'give', name: 'lock', pid: 7 },
      { type: 'exited', pid: 7, status: { signal: 'SIGSEGV' } },
      { type: 'refused', to: 'channel', reason: 'why', question: 0 },
      { type: 'given', count: 3 },
    ),
    parse: parseFromKeeper,
    written: (message: object) => message,
  },
  'a request on the socket': {
    texts: hostileJson({ type: 'status' }, { type: 'resume', ...start }, { type: 'replace', ...start }),
    parse: parseKeeperRequest,
    written: ({ type, parameters }: ReturnType<typeof parseKeeperRequest>) => ({ type, ...parameters }),
  },
  'an answer on the socket': {
    texts: hostileJson({ ok: { report } }, { error: 'why' }),
    parse: (text: string) => parseKeeperAnswer('status', text),
    written: (ok: object) => ({ ok }),
  },
  'keeper.json': { texts: hostileJson(report), parse: parseKeeperReport, written: (said: object) => said },
} as const satisfies Record<string, unknown>;

test.for(Object.keys(parsers) as (keyof typeof parsers)[])(
  '%s is refused with the reason, or read, and written again it is read the same',
  (name) => {
    const { texts, parse, written } = parsers[name] as {
      texts: fc.Arbitrary<string>;
      parse: (text: string) => object;
      written: (result: object) => object;
    };
    fc.assert(
      fc.property(texts, (text) => {
        const outcome = judge(() => parse(text));
        if (outcome.kind === 'refused') return;
        expect(parse(JSON.stringify(written(outcome.result)))).toEqual(outcome.result);
      }),
      fuzzRuns(1_000),
    );
  },
);
