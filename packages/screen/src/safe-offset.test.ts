import { sequence } from '@holdfast/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Emulators } from './emulator.ts';
import { SafeOffset } from './safe-offset.ts';
import { incompleteTail } from './utf8.ts';

function safeOf(...pieces: (string | Uint8Array)[]): number {
  const offset = new SafeOffset();
  for (const piece of pieces) offset.push(Buffer.from(piece as string));
  return offset.safe;
}

describe('the safe offset', () => {
  it.each([
    ['text', 4],
    ['text\x1b', 4],
    ['text\x1b[1;3', 4],
    ['text\x1b[1;3m', 10],
    ['\x1b]0;title', 0],
    ['\x1b]0;title\x07', 10],
    ['\x1b]0;title\x1b', 0], // the terminator has begun, and the title is set
    ['\x1b]0;title\x1b\\', 11],
    ['a\x1bPq#0~', 1],
    ['a\x1bPq\x18', 5],
    ['a\x1b(', 1],
    ['a\x1b(0', 4],
    ['a\x1b([b', 5], // [ is a charset here
    ['a\x1b[3\x1b[4m', 8],
    ['a\u009b3', 1],
    ['a\u009b3m', 5],
    ['a\x1b]0;t\u009c', 8],
  ])('of %j is %i', (text, safe) => {
    expect(safeOf(text)).toBe(safe);
    expect(
      safeOf(
        ...Buffer.from(text)
          .map((byte) => byte)
          .reduce<Uint8Array[]>((all, byte) => [...all, Uint8Array.of(byte)], []),
      ),
    ).toBe(safe);
  });

  it('leaves out a character that is half received', () => {
    const text = Buffer.from('ab世😀');
    expect([3, 4, 5, 6, 7, 8, 9].map((end) => safeOf(text.subarray(0, end)))).toEqual([2, 2, 5, 5, 5, 5, 9]);
  });

  it('is one at which the parser is between sequences, whatever is written, and in whatever pieces', () => {
    const emulators = new Emulators();
    fc.assert(
      fc.property(
        fc.array(sequence, { maxLength: 12 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (parts, sizes) => {
          const bytes = Buffer.from(parts.join(''));
          const offset = new SafeOffset();
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value ?? 1;
            offset.push(bytes.subarray(at, at + size));
            at += size;
            const seen = bytes.subarray(0, at);
            expect(offset.safe).toBe(safeOf(seen));
            using emulator = emulators.open({ cols: 20, rows: 4 }, 0);
            emulator.feed(seen.subarray(0, offset.safe));
            expect(emulator.internals.isGround).toBe(true);
            expect(incompleteTail(seen.subarray(0, offset.safe))).toBe(0);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
