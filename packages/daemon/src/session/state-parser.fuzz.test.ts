import fs from 'node:fs';
import { fuzzRuns, hostileBytes, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Scratch } from '../../test/kit/scratch.ts';
import { sessionState } from '../../test/kit/session-state.ts';
import { Generation } from '../generation.ts';
import { RebuildRecord } from './rebuild-record.ts';
import { parseState } from './state-parser.ts';

const ID = '0123456789ab';
const states = hostileJson({
  ...sessionState({
    id: ID,
    exitedAt: '2026-11-24T11:00:00.000Z',
    exit: { code: 0 },
    leases: [{ offset: 17, leaseMs: 5_000 }],
    kill: { callerPid: null, isHungUp: true, known: [{ pid: 1, startTime: 2 }] },
    terminal: { DA1: '\x1b[?1c' },
  }),
});

test('a state is refused with the reason, or read, and written again it is read the same', () => {
  fc.assert(
    fc.property(states, (text) => {
      const outcome = judge(() => parseState(text));
      if (outcome.kind === 'accepted')
        expect(parseState(JSON.stringify(outcome.result))).toEqual(outcome.result);
    }),
    fuzzRuns(1_000),
  );
});

test('what a daemon notes for the next one is believed if it is whole, and else counts as not there', () => {
  using scratch = new Scratch();
  const notes = hostileBytes(Buffer.from(`${ID} 2\n`), Buffer.from('17\n'));
  fc.assert(
    fc.property(notes, (bytes) => {
      for (const name of ['rebuilding', 'generation']) fs.writeFileSync(scratch.path(name), bytes);
      const deadly = judge(() => new RebuildRecord(scratch.folder).isDeadly(ID));
      expect(deadly).toMatchObject({ kind: 'accepted' });
      if (deadly.kind === 'accepted')
        expect(deadly.result).toBe(
          /^0123456789ab (0{0,2}[2-9]|0?[1-9]\d|[1-9]\d\d)\n$/.test(bytes.toString('latin1')),
        );
      const last = judge(() => new Generation(scratch.folder).last);
      expect(last).toMatchObject({ kind: 'accepted' });
      if (last.kind === 'accepted') expect(last.result).toBeLessThan(1e9);
    }),
    fuzzRuns(300),
  );
});
