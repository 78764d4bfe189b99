import fs from 'node:fs';
import { fuzzRuns, hostileBytes, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { close, MessageChannel, sendWithFds, socketPair } from '../src/index.ts';
import { openDescriptors } from './kit/descriptors.ts';

test('of whatever comes on a channel nothing stays open that was not taken, and the next message comes', () => {
  const [ours, theirs] = socketPair('messages');
  const file = fs.openSync('/dev/null', 'r');
  const channel = new MessageChannel<{ type: string }, unknown>(ours, (text) => JSON.parse(text), {
    messageBytes: 1_000,
    descriptors: 2,
  });
  const before = openDescriptors();
  const bytes = hostileBytes(
    Buffer.from('{"type":"hold"}'),
    Buffer.alloc(999, 'x'),
    Buffer.alloc(1_001, ' '),
  );
  fc.assert(
    fc.property(bytes, fc.nat(5), (message, count) => {
      fc.pre(message.length > 0);
      sendWithFds(theirs, message, Array<number>(count).fill(file));
      sendWithFds(theirs, Buffer.from('{"type":"next"}'), []);
      const first = judge(() => channel.receive());
      if (first.kind === 'accepted') {
        expect(message.length).toBeLessThanOrEqual(1_000);
        expect(first.result).toMatchObject({ fds: expect.any(Array) });
        if (typeof first.result === 'object') first.result.fds.forEach(close);
      }
      expect(channel.receive()).toEqual({ message: { type: 'next' }, fds: [] });
      expect(openDescriptors()).toEqual(before);
    }),
    fuzzRuns(300),
  );
  fs.closeSync(file);
  close(theirs);
  channel.close();
});
