import { close, socketPair } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { HandoffChannel } from './channel.ts';
import { parseSnapshot, receiveSnapshot, sendSnapshot, type Snapshot } from './snapshot.ts';

const snapshot: Snapshot = {
  schema: 2,
  from: { pid: 1, version: '0.1.0', build: '0123456789ab' },
  generation: 3,
  frozenAtNs: '123',
  lock: 0,
  listener: 1,
  sessions: [],
  connections: [],
};
/** More than two messages hold. */
const FDS = Array.from({ length: 600 }, (_, index) => index % 3);

test('a snapshot of a schema from the future is refused, unknown fields are ignored, and the schema before is read', () => {
  expect(() => parseSnapshot(JSON.stringify({ ...snapshot, schema: 3 }))).toThrow(/schema 3/);
  expect(() => parseSnapshot(JSON.stringify({ schema: 'x' }))).toThrow(/schema/);
  expect(() => parseSnapshot(JSON.stringify({ ...snapshot, sessions: [{}] }))).toThrow(/sessions/);
  expect(parseSnapshot(JSON.stringify({ ...snapshot, later: true }))).toEqual(snapshot);
  expect(parseSnapshot(JSON.stringify({ ...snapshot, schema: 1 }))).toEqual({ ...snapshot, schema: 1 });
});

test('a snapshot travels with more descriptors than one message holds, in order', () => {
  const [one, other] = channels();
  expect(sendSnapshot(one, { snapshot, fds: FDS }, performance.now() + 1_000)).toBe(true);
  const first = other.receiveWithin(1_000);
  if (first === 'none' || first === 'end') throw new Error(`nothing came: ${first}`);
  const received = receiveSnapshot(other, first, 1_000);
  expect(received.snapshot).toEqual(snapshot);
  expect(received.luggage.fds).toHaveLength(600);
  expect(new Set(received.luggage.fds).size).toBe(600);
  one.close();
  expect(other.receiveWithin(1_000)).toBe('end');
  other.close();
  received.luggage.fds.forEach(close);
});

test.for([0, 1, 2])(
  'sending to one who takes nothing ends when its time is over, although %i messages found room',
  (room) => {
    const [one, other] = channels();
    while (one.trySend({ type: 'descriptors' }));
    // Each message that is taken makes room for one.
    for (let taken = 0; taken < room; taken += 1) other.receiveWithin(0);
    const began = performance.now();
    expect(sendSnapshot(one, { snapshot, fds: FDS }, began + 300)).toBe(false);
    expect(performance.now() - began).toBeGreaterThan(290);
    expect(performance.now() - began).toBeLessThan(1_300);
    other.close();
    one.close();
  },
);

function channels(): [HandoffChannel, HandoffChannel] {
  const [one, other] = socketPair('messages');
  return [new HandoffChannel(one), new HandoffChannel(other)];
}
