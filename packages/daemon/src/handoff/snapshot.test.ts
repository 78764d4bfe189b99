import { socketPair } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { HandoffChannel } from './channel.ts';
import { parseSnapshot, receiveSnapshot, sendSnapshot, type Snapshot } from './snapshot.ts';

const snapshot: Snapshot = {
  schema: 1,
  from: { pid: 1, version: '0.1.0', build: '0123456789ab' },
  generation: 3,
  frozenAtNs: '123',
  lock: 0,
  listener: 1,
  sessions: [],
  connections: [],
};

test('a snapshot of a schema from the future is refused, unknown fields are ignored', () => {
  expect(() => parseSnapshot(JSON.stringify({ ...snapshot, schema: 2 }))).toThrow(/schema 2/);
  expect(() => parseSnapshot(JSON.stringify({ schema: 'x' }))).toThrow(/schema/);
  expect(() => parseSnapshot(JSON.stringify({ ...snapshot, sessions: [{}] }))).toThrow(/sessions/);
  expect(parseSnapshot(JSON.stringify({ ...snapshot, later: true }))).toEqual(snapshot);
});

test('a snapshot travels with more descriptors than one message holds, in order', () => {
  const [one, other] = socketPair('messages').map((fd) => new HandoffChannel(fd));
  if (!one || !other) throw new Error('no channel');
  const sent = Array.from({ length: 600 }, (_, index) => index % 3);
  sendSnapshot(one, snapshot, sent);
  const first = other.receiveWithin(1_000);
  if (first === 'none' || first === 'end') throw new Error(`nothing came: ${first}`);
  const received = receiveSnapshot(other, first, 1_000);
  expect(received.snapshot).toEqual(snapshot);
  expect(received.fds).toHaveLength(600);
  expect(new Set(received.fds).size).toBe(600);
  one.close();
  expect(other.receiveWithin(1_000)).toBe('end');
  other.close();
});
