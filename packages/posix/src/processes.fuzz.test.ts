import { fuzzRuns, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStat } from './processes.ts';

const TAIL = `S 7 8 9 34816 10 ${'0 '.repeat(13)}4242 ${'0 '.repeat(20)}`;

test('whatever a program calls itself, its parent and its start are told as they are', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 15 }),
    fc.constantFrom(') S 1 1 1', '(((', '))))', ') R 1 (', '\n) Z 0', ''),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 0x7fff_ffff }), name, (pid, name) => {
      const stat = Buffer.from(`${pid} (${name}) ${TAIL}`).toString('latin1');
      const outcome = judge(() => parseStat(stat));
      expect(outcome).toMatchObject({
        kind: 'accepted',
        result: { pid, parent: 7, group: 8, session: 9, startTime: 4242, isZombie: false },
      });
    }),
    fuzzRuns(1_000),
  );
});

test('a text that is none is told to be none, or has numbers that are none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(judge(() => parseStat(text)).kind).toBe('accepted');
    }),
    fuzzRuns(500),
  );
});
