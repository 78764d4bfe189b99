import fs from 'node:fs';
import { expect, test } from 'vitest';
import { DescriptorsLostError, MessageChannel, sendingFails, socketPair } from '../src/index.ts';
import { openDescriptors } from './kit/descriptors.ts';

interface Word {
  readonly type: string;
}

function parse(text: string): Word {
  const { type } = JSON.parse(text) as Word;
  if (type === 'garbage') throw new Error('no message');
  return { type };
}

function pair(): [MessageChannel<Word, Word>, MessageChannel<Word, Word>] {
  const limits = { messageBytes: 100, descriptors: 1 };
  const [one, other] = socketPair('messages');
  return [new MessageChannel(one, parse, limits), new MessageChannel(other, parse, limits)];
}

test('what one side said before it ended is received, and then its end, although it did not take all itself', () => {
  const [ours, theirs] = pair();
  ours.send({ type: 'commit' });
  theirs.send({ type: 'serving' });
  theirs.close();
  expect(ours.receiveWithin(0)).toMatchObject({ message: { type: 'serving' } });
  expect(ours.receiveWithin(0)).toBe('end');
  ours.close();
});

test('a message that is garbage, too long, or brings too many descriptors leaves nothing open, and the next one comes', () => {
  const [ours, theirs] = pair();
  const file = fs.openSync('/dev/null', 'r');
  const before = openDescriptors();
  theirs.send({ type: 'garbage' }, [file]);
  theirs.send({ type: 'long'.repeat(100) }, [file]);
  theirs.send({ type: 'many' }, [file, file, file, file]);
  theirs.send({ type: 'good' }, []);
  expect(() => ours.receive()).toThrow('no message');
  expect(() => ours.receive()).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
  expect(() => ours.receive()).toThrow(expect.objectContaining({ code: 'EMFILE' }));
  expect(openDescriptors()).toEqual(before);
  expect(ours.receive()).toEqual({ message: { type: 'good' }, fds: [] });
  fs.closeSync(file);
  [ours, theirs].forEach((channel) => channel.close());
});

test('to a side that takes nothing, sending says so and does not block', () => {
  const [ours, theirs] = pair();
  let sent = 0;
  while (ours.trySend({ type: 'more' })) sent += 1;
  expect(sent).toBeGreaterThan(1);
  expect(theirs.receive()).toMatchObject({ message: { type: 'more' } });
  expect(ours.trySend({ type: 'more' })).toBe(true);
  [ours, theirs].forEach((channel) => channel.close());
});

test('one descriptor more than is allowed is one too many: both are closed, and the text is there', () => {
  const [ours, theirs] = pair();
  const before = openDescriptors();
  theirs.send({ type: 'two' }, [0, 1]);
  let failed: unknown;
  try {
    ours.receiveWithin(0);
  } catch (error) {
    failed = error;
  }
  expect(failed).toBeInstanceOf(DescriptorsLostError);
  expect(failed).toMatchObject({ code: 'EMFILE', bytes: Buffer.from('{"type":"two"}') });
  expect(openDescriptors()).toEqual(before);
  for (const channel of [ours, theirs]) channel.close();
});

test.for([
  ['ENOBUFS', 'later'],
  ['ENOMEM', 'later'],
  ['ETOOMANYREFS', 'later'],
  ['EMSGSIZE', 'never'],
  ['EBADF', 'never'],
  ['EPIPE', 'gone'],
  ['ECONNRESET', 'gone'],
] as const)('what can not be sent for %s is sent %s', ([code, when]) => {
  expect(sendingFails(Object.assign(new Error(code), { code }))).toBe(when);
});
