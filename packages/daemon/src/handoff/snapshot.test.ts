import fs from 'node:fs';
import { close, socketPair } from '@holdfast/posix';
import { expect, test } from 'vitest';
import { HandoffChannel } from './channel.ts';
import { PreviewedSessions } from './previewed-sessions.ts';
import { parseSnapshot, receiveSnapshot, sendSnapshot, type Snapshot } from './snapshot.ts';
import { sample } from './warm-up.ts';

const snapshot: Snapshot = {
  schema: 3,
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
  expect(() => parseSnapshot(JSON.stringify({ ...snapshot, schema: 4 }))).toThrow(/schema 4/);
  expect(() => parseSnapshot(JSON.stringify({ schema: 'x' }))).toThrow(/schema/);
  expect(() => parseSnapshot(JSON.stringify({ ...snapshot, sessions: [{}] }))).toThrow(/sessions/);
  expect(parseSnapshot(JSON.stringify({ ...snapshot, later: true }))).toEqual(snapshot);
  for (const schema of [1, 2])
    expect(parseSnapshot(JSON.stringify({ ...snapshot, schema }))).toEqual({ ...snapshot, schema });
});

test.for([1, 2, 3] as const)('sessions of schema %i come as they were sent, in order', (schema) => {
  const sessions = ['one', 'two', 'three'].map((name, index) => ({
    firstFd: schema === 3 ? 5 * index : 0,
    session: sessionNamed(name),
  }));
  const { received } = passed({ ...snapshot, schema, sessions }, undefined, []);
  expect(received).toEqual({ ...snapshot, schema, sessions });
});

test('of a session that is as the preview had it only the place is sent, and the successor takes what it made of it', () => {
  const [same, changed, later] = ['same', 'changed', 'later'].map(sessionNamed);
  if (!same || !changed || !later) throw new Error('three were made');
  const previewed = new PreviewedSessions();
  previewed.say(changed);
  previewed.say(same);
  // As the successor has parsed it: an object of its own.
  const made: Snapshot['sessions'][0]['session'][] = JSON.parse(previewed.text);
  const renamed = { ...changed, state: { ...changed.state, name: 'by another name' } };
  const sessions = [renamed, same, later].map((session, index) => ({ firstFd: 7 * index, session }));
  const { received, text } = passed({ ...snapshot, sessions }, previewed, made);
  expect(received.sessions).toEqual(sessions);
  expect(received.sessions[1]?.session).toBe(made[1]);
  expect(text).toContain('by another name');
  expect(text).not.toContain(same.state.id);
  expect(() => passed({ ...snapshot, sessions }, previewed, [])).toThrow(
    /session 1 of the preview is missing/,
  );
});

test('a snapshot travels with more descriptors than one message holds, in order', () => {
  const [one, other] = channels();
  expect(sendSnapshot(one, { snapshot, fds: FDS }, performance.now() + 1_000)).toBe(true);
  const first = other.receiveWithin(1_000);
  if (first === 'none' || first === 'end') throw new Error(`nothing came: ${first}`);
  const received = receiveSnapshot(other, { first, previewed: [] }, 1_000);
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

/** One of its own id and name, with everything in it that a session can have. */
function sessionNamed(name: string): Snapshot['sessions'][0]['session'] {
  const session = sample.sessions[0]?.session;
  if (!session) throw new Error('the sample has no session');
  const id = Buffer.from(name.padEnd(6)).toString('hex').slice(0, 12);
  return { ...session, state: { ...session.state, id, name } };
}

/** What a successor reads of a snapshot, and the text of it. */
function passed(
  sent: Snapshot,
  previewed: PreviewedSessions | undefined,
  made: readonly Snapshot['sessions'][0]['session'][],
): { received: Snapshot; text: string } {
  const [one, other] = channels();
  try {
    sendSnapshot(one, { snapshot: sent, fds: [], previewed }, performance.now() + 1_000);
    const first = other.receiveWithin(1_000);
    if (first === 'none' || first === 'end') throw new Error(`nothing came: ${first}`);
    const text = fs.readFileSync(`/proc/self/fd/${first.fds[0]}`, 'utf8');
    return { received: receiveSnapshot(other, { first, previewed: made }, 1_000).snapshot, text };
  } finally {
    one.close();
    other.close();
  }
}

function channels(): [HandoffChannel, HandoffChannel] {
  const [one, other] = socketPair('messages');
  return [new HandoffChannel(one), new HandoffChannel(other)];
}
