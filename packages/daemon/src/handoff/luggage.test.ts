import fs from 'node:fs';
import { expect, test } from 'vitest';
import { IncomingLuggage, OutgoingLuggage } from './luggage.ts';

const LETTERS = Buffer.from('a few letters');
const LARGE = Buffer.alloc(4 * 1024 * 1024, 'large');

test.for([true, false])('bytes come as they were packed, beside the text (%s) or in it', (holdsBytes) => {
  using packed = new OutgoingLuggage(holdsBytes);
  packed.add(0);
  const carried = [[LETTERS], [], [LARGE, LETTERS]].map((parts) => packed.addBytes(...parts));
  const unpacked = new IncomingLuggage(packed.fds, packed.memory);
  const bytes = carried.map((each) => unpacked.bytes(JSON.parse(JSON.stringify(each))));
  expect(bytes[0]?.equals(LETTERS)).toBe(true);
  expect(bytes[1]).toHaveLength(0);
  expect(bytes[2]?.equals(Buffer.concat([LARGE, LETTERS]))).toBe(true);
  expect(packed.fds).toHaveLength(holdsBytes ? 2 : 1);
});

test('a part counts its descriptors from its own first, whatever comes before it', () => {
  using packed = new OutgoingLuggage(true);
  packed.add(10);
  const one = packed.part();
  expect([one.add(11), one.add(12)]).toEqual([0, 1]);
  const bytes = one.addBytes(LETTERS);
  const other = packed.part();
  expect([other.add(13), other.add(14)]).toEqual([0, 1]);
  const unpacked = new IncomingLuggage(packed.fds, packed.memory);
  expect([0, 1].map((index) => unpacked.part(one.firstFd).fd(index, 'one'))).toEqual([11, 12]);
  expect([0, 1].map((index) => unpacked.part(other.firstFd).fd(index, 'other'))).toEqual([13, 14]);
  expect(unpacked.part(other.firstFd).bytes(bytes).equals(LETTERS)).toBe(true);
});

test('where there are no bytes, no memory travels', () => {
  using packed = new OutgoingLuggage(true);
  const carried = packed.addBytes(Buffer.alloc(0));
  expect(packed.memory).toBeUndefined();
  expect(new IncomingLuggage([], undefined).bytes(carried)).toHaveLength(0);
});

test('bytes that are not there are told, and no memory is taken for them', () => {
  using packed = new OutgoingLuggage(true);
  packed.addBytes(LETTERS);
  const { fds, memory } = packed;
  const beyond = { at: 0, length: Number.MAX_SAFE_INTEGER };
  expect(() => new IncomingLuggage(fds, memory).bytes(beyond)).toThrow(/are wanted/);
  expect(() => new IncomingLuggage(fds, memory).bytes({ at: LETTERS.length, length: 1 })).toThrow(
    /are wanted/,
  );
  expect(() => new IncomingLuggage(fds, 7).bytes({ at: 0, length: 1 })).toThrow(/descriptor 7.* is missing/);
  expect(() => new IncomingLuggage(fds, undefined).bytes({ at: 0, length: 1 })).toThrow(/without its bytes/);
});

test('the memory with the bytes is freed with what was packed', () => {
  const before = fs.readdirSync('/proc/self/fd').length;
  {
    using packed = new OutgoingLuggage(true);
    packed.addBytes(LETTERS);
    expect(fs.readdirSync('/proc/self/fd')).toHaveLength(before + 1);
  }
  expect(fs.readdirSync('/proc/self/fd')).toHaveLength(before);
});
