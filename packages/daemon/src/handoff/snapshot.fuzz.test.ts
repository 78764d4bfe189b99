import { fuzzRuns, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readDocument, writeText } from './document.ts';
import { IncomingLuggage } from './luggage.ts';
import { parseHandoffMessage } from './messages.ts';
import { receivePreview } from './preview.ts';
import { parseSnapshot, SNAPSHOT_SCHEMAS } from './snapshot.ts';
import { sample } from './warm-up.ts';

const sessions = sample.sessions.slice(0, 1);
const whole = { ...sample, bytes: 2, sessions: sessions.map(({ session }) => session) };
/** As they are sent: of the first two schemas sessions stand alone, and bytes of the first are in the text. */
const bySchema = {
  1: JSON.parse(JSON.stringify({ ...whole, schema: 1 }).replaceAll('{"at":0,"length":1}', '"YQ=="')),
  2: { ...whole, schema: 2 },
  3: { ...sample, bytes: 2, sessions: [...sessions, { firstFd: 5, previewed: 0 }] },
};
const preview = sessions.map(({ session }) => session);

test.for(SNAPSHOT_SCHEMAS)(
  'a snapshot of schema %i is refused with the reason, or read, and written again it is read the same',
  (schema) => {
    expect(parseSnapshot(JSON.stringify(bySchema[schema]), preview).schema).toBe(schema);
    fc.assert(
      fc.property(hostileJson(bySchema[schema]), (text) => {
        const outcome = judge(() => parseSnapshot(text, preview));
        if (outcome.kind === 'refused') return;
        const { result } = outcome;
        const again =
          result.schema === 3
            ? result
            : { ...result, sessions: result.sessions.map(({ session }) => session) };
        expect(parseSnapshot(JSON.stringify(again))).toEqual(result);
      }),
      fuzzRuns(500),
    );
  },
);

test('a preview is refused with the reason, or read', () => {
  const histories = [{ id: '0123456789ab', historyIn: 'disk', historyBytes: 65_536 }];
  fc.assert(
    fc.property(hostileJson({ histories, sessions: preview }), fc.nat(20), (text, missing) => {
      const { memory, bytes } = writeText(text);
      const said = { type: 'preview', bytes: Math.max(0, bytes - missing) } as const;
      // Zod's own error, which names every fault.
      judge(() => receivePreview({ message: said, fds: [memory] }));
    }),
    fuzzRuns(300),
  );
});

test('a message is refused with the reason, or read, and written again it is read the same', () => {
  const messages = hostileJson(
    { type: 'ready', pid: 1, version: '1', build: 'b', schemas: [1, 2], protocols: [1], takesPreview: true },
    { type: 'prepared', missing: ['0123456789ab'] },
    { type: 'snapshot', bytes: 5, descriptors: 3 },
    { type: 'adopted', sessions: 1, clients: 2 },
    { type: 'refused', reason: 'why' },
  );
  fc.assert(
    fc.property(messages, (text) => {
      const outcome = judge(() => parseHandoffMessage(text));
      if (outcome.kind === 'accepted')
        expect(parseHandoffMessage(JSON.stringify(outcome.result))).toEqual(outcome.result);
    }),
    fuzzRuns(1_000),
  );
});

const told = fc.oneof(
  fc.nat(12),
  fc.maxSafeNat(),
  fc.constantFrom(2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

test('a length that is told and not there takes no memory, for the text as for the bytes beside it', () => {
  fc.assert(
    fc.property(told, told, (at, length) => {
      const document = writeText('0123456789');
      const luggage = new IncomingLuggage([document.memory], 0);
      const bytes = judge(() => luggage.bytes({ at, length }));
      expect(bytes.kind).toBe(at + length <= 10 || length === 0 ? 'accepted' : 'refused');
      // It closes the memory.
      const text = judge(() => readDocument({ memory: document.memory, bytes: length }));
      expect(text.kind).toBe(length <= 10 ? 'accepted' : 'refused');
    }),
    fuzzRuns(300),
  );
});
