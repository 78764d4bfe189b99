import { expect, test } from 'vitest';
import { HELD_MAX_BYTES, Outbox } from './outbox.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (frames: { bytes: Uint8Array }[]) =>
  frames.map((frame) => new TextDecoder().decode(frame.bytes)).join('');

test('everything that is not done is sent again on another connection, from where it stands', () => {
  const outbox = new Outbox('stream-one');
  outbox.add(bytes('hello '));
  outbox.add(bytes('world'));
  expect(text(outbox.take())).toBe('hello world');
  expect(outbox.take()).toEqual([]);
  outbox.done(3);
  outbox.restart();
  const again = outbox.take();
  expect(again[0]?.offset).toBe(3);
  expect(text(again)).toBe('lo world');
  outbox.done(11);
  expect(outbox.heldBytes).toBe(0);
});

test('at most a window is on its way, in frames of 64 KiB', () => {
  const outbox = new Outbox('stream-two');
  expect(outbox.add(new Uint8Array(300 * 1024))).toBe(true);
  expect(outbox.unsentBytes).toBe(300 * 1024);
  expect(outbox.take().map((frame) => frame.bytes.length)).toEqual([65_536, 65_536, 65_536, 65_536]);
  expect(outbox.unsentBytes).toBe(44 * 1024);
  outbox.done(65_536);
  expect(outbox.take()).toMatchObject([{ offset: 262_144 }]);
});

test('what is dropped is never sent, and what comes then is the beginning of another stream', () => {
  const outbox = new Outbox('stream-before');
  outbox.add(bytes('abc'));
  outbox.take();
  outbox.add(bytes('def'));
  outbox.drop('stream-behind');
  expect([outbox.heldBytes, outbox.unsentBytes]).toEqual([0, 0]);
  outbox.restart();
  expect(outbox.take()).toEqual([]);
  outbox.add(bytes('ghi'));
  expect(outbox.stream).toBe('stream-behind');
  expect(outbox.take()).toEqual([{ offset: 0, bytes: bytes('ghi') }]);
});

test('what is in doubt is told, and never sent again', () => {
  const outbox = new Outbox('stream-three');
  outbox.add(bytes('abc'));
  outbox.add(bytes('def'));
  outbox.take();
  expect(new TextDecoder().decode(outbox.unknown(1, 5))).toBe('bcde');
  outbox.restart();
  expect(text(outbox.take())).toBe('f');
  expect(outbox.unknown(1, 5)).toHaveLength(0);
});

test('where its stream is not known any more, what was sent before is in doubt, and the rest goes on on another', () => {
  const outbox = new Outbox('stream-five');
  expect(outbox.isKnown).toBe(false);
  outbox.add(bytes('abc'));
  outbox.take();
  outbox.done(2);
  expect(outbox.isKnown).toBe(true);
  outbox.add(bytes('de'));
  outbox.restart();
  // What this connection is given is refused, none of it was typed.
  outbox.take();
  outbox.add(bytes('f'));
  expect(new TextDecoder().decode(outbox.beginAnew('stream-six'))).toBe('c');
  expect([outbox.stream, outbox.isKnown]).toEqual(['stream-six', false]);
  expect(outbox.take()).toEqual([
    { offset: 0, bytes: bytes('de') },
    { offset: 2, bytes: bytes('f') },
  ]);
});

test('a terminal that takes nothing does not fill the memory', () => {
  const outbox = new Outbox('stream-four');
  expect(outbox.add(new Uint8Array(HELD_MAX_BYTES))).toBe(true);
  expect(outbox.add(bytes('x'))).toBe(false);
});
