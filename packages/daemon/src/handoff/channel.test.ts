import { socketPair } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { HandoffChannel } from './channel.ts';

test('what one side said before it ended is received, and then its end, although it did not take all itself', () => {
  const [ours, theirs] = socketPair('messages').map((fd) => new HandoffChannel(fd));
  ours?.send({ type: 'commit' });
  theirs?.send({ type: 'serving' });
  theirs?.close();
  expect(ours?.receiveWithin(0)).toMatchObject({ message: { type: 'serving' } });
  expect(ours?.receiveWithin(0)).toBe('end');
  ours?.close();
});
