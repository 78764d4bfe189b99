import fs from 'node:fs';
import { close, openAnonymous } from '@holdfast/posix';
import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { descriptorsOf, type Legacy, readLegacy, writeLegacy } from '../src/legacy.ts';

const start = { node: '/bin/node', nodeArguments: ['--x'], entry: '/opt/main.js' };
const legacy: Legacy = {
  schema: 1,
  held: [
    { name: 'lock', fd: 4, pid: undefined },
    { name: 'session/0123456789ab', fd: 5, pid: 7 },
  ],
  exited: [{ pid: 7, name: 'session/0123456789ab', status: { code: 0 } }],
  dropped: [{ pid: 8, name: 'session/0123456789ac' }],
  standing: {
    succession: 'alone',
    start,
    failures: 0,
    isHolding: false,
    heldSince: null,
    reason: null,
  },
  current: {
    channelFd: 6,
    pid: 9,
    pidfd: 7,
    start,
    readyAtMs: 5.5,
    isStopping: false,
    queue: [
      { message: '{"type":"given","count":1}' },
      { message: '{"type":"give","name":"lock"}', held: 'lock' },
    ],
  },
  socketFd: 8,
  clientFd: 9,
};

test('what a keeper is left is refused with the reason, or read, and left again it is read the same', () => {
  fc.assert(
    fc.property(hostileJson(legacy), (text) => {
      const outcome = judge(() => read(text));
      if (outcome.kind === 'refused') return;
      const file = writeLegacy(outcome.result);
      try {
        expect(readLegacy(file)).toEqual(outcome.result);
      } finally {
        close(file);
      }
      for (const fd of descriptorsOf(outcome.result)) expect(fd).toBeGreaterThanOrEqual(0);
    }),
    fuzzRuns(500),
  );
});

function read(text: string): Legacy {
  const bytes = Buffer.from(text);
  const file = openAnonymous('legacy-test', bytes.length);
  try {
    fs.writeSync(file, bytes, 0, bytes.length, 0);
    return readLegacy(file);
  } finally {
    close(file);
  }
}
