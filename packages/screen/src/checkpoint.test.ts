import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const checkpoint: Checkpoint = {
  offset: 2 ** 52 + 1,
  marks: 2 ** 40 + 3,
  cols: 200,
  rows: 50,
  scrollback: 1000,
  doubts: ['history', 'crash', 'unrepresented'],
  gap: { from: 5, to: 2 ** 52 },
  snapshot: Buffer.from('\x1bctext '.repeat(1000)),
};

describe('a checkpoint', () => {
  it('is read as it was written', () => {
    expect(decodeCheckpoint(encodeCheckpoint(checkpoint))).toEqual(checkpoint);
    const { gap: _, ...whole } = checkpoint;
    const empty = { ...whole, doubts: [], snapshot: Buffer.alloc(0) };
    expect(decodeCheckpoint(encodeCheckpoint(empty))).toEqual(empty);
  });

  it('is deflated', () => {
    expect(encodeCheckpoint(checkpoint).length).toBeLessThan(checkpoint.snapshot.length / 10);
  });

  it('is refused when a byte of it is wrong, or its end is missing', () => {
    const bytes = encodeCheckpoint(checkpoint);
    const at = fc.nat(bytes.length - 1);
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (index, change) => {
        const damaged = Buffer.from(bytes);
        damaged[index] = (damaged[index] ?? 0) ^ change;
        const read = decodeCheckpoint(damaged);
        // Some bits at the end of what is deflated count for nothing.
        if (typeof read !== 'string') expect(read).toEqual(checkpoint);
      }),
    );
    fc.assert(fc.property(at, (end) => typeof decodeCheckpoint(bytes.subarray(0, end)) === 'string'));
  });

  it.each([
    ['another file', Buffer.from('{"a":1}'.repeat(9)), 'it is no checkpoint'],
    ['a later version', withByte(4, 9), 'it has version 9, not 3'],
    ['a screen that would fill the memory', withByte(22, 0x11), 'its header makes no sense'],
    ['a snapshot that would fill the memory', withByte(30, 0xff), 'its header makes no sense'],
    ['a gap behind what it shows', withByte(42, 0x7f), 'its header makes no sense'],
    ['nothing', Buffer.alloc(0), '0 bytes are no checkpoint'],
  ])('is not read from %s', (_, bytes, why) => {
    expect(decodeCheckpoint(bytes)).toBe(why);
  });
});

function withByte(at: number, value: number): Buffer {
  const bytes = encodeCheckpoint(checkpoint);
  bytes[at] = value;
  return bytes;
}
