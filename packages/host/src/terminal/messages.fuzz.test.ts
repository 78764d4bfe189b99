import { fuzzRuns, hostileBytes, hostileJson, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dataFrame, parseDataFrame, parsePageMessage } from './messages.ts';

test('what a page says breaks the protocol, is ignored, or is read, and said again it is read the same', () => {
  const messages = hostileJson(
    { type: 'attach', from: 'new', cols: 80, rows: 24, readOnly: true, stream: '12345678' },
    { type: 'attach', from: 5, cols: 1, rows: 4_096 },
    { type: 'ack', offset: 2 ** 40 },
    { type: 'viewport', cols: 80, rows: 24 },
  );
  fc.assert(
    fc.property(messages, (text) => {
      const outcome = judge(() => parsePageMessage(text));
      if (outcome.kind === 'refused') throw outcome.error;
      const { result } = outcome;
      if (typeof result === 'object') expect(parsePageMessage(JSON.stringify(result))).toEqual(result);
    }),
    fuzzRuns(2_000),
  );
});

test('what a page types breaks the protocol, or is read, and sent again it is the same', () => {
  const frames = hostileBytes(dataFrame(0, Buffer.from('ls\r')), dataFrame(2 ** 53 - 4, Buffer.from('ls\r')));
  fc.assert(
    fc.property(frames, (frame) => {
      const outcome = judge(() => parseDataFrame(frame));
      if (outcome.kind === 'refused') throw outcome.error;
      const { result } = outcome;
      if (result) expect(dataFrame(result.offset, result.bytes).equals(frame)).toBe(true);
    }),
    fuzzRuns(1_000),
  );
});
