import { crc32, deflateRawSync } from 'node:zlib';
import { fuzzRuns, hostileBytes, judge } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const snapshot = Buffer.from('\x1bctext '.repeat(100));
const good = encodeCheckpoint({
  offset: 2 ** 40,
  marks: 3,
  cols: 200,
  rows: 50,
  scrollback: 1_000,
  doubts: ['crash'],
  snapshot,
});
const CHECKSUM_AT = 34;

/** Whoever makes a file on purpose makes its checksum right, too. */
const signed = hostileBytes(good.subarray(0, CHECKSUM_AT)).map((changed) => {
  const file = Buffer.from(good);
  changed.copy(file, 0, 0, Math.min(changed.length, CHECKSUM_AT));
  file.writeUInt32BE(crc32(snapshot, crc32(file.subarray(0, CHECKSUM_AT))), CHECKSUM_AT);
  return file;
});

test('a checkpoint is refused with the reason, or read, and written again it is read the same', () => {
  fc.assert(
    fc.property(fc.oneof(hostileBytes(good), signed), (bytes) => {
      const outcome = judge(() => decodeCheckpoint(bytes));
      if (outcome.kind === 'refused') throw outcome.error;
      const { result } = outcome;
      if (typeof result === 'string') return;
      expect(decodeCheckpoint(encodeCheckpoint(result))).toEqual(result);
      // Memory for a screen is had by its size.
      expect(Math.max(result.cols, result.rows)).toBeLessThanOrEqual(4_096);
    }),
    fuzzRuns(2_000),
  );
});

test('what would fill the memory when it is inflated is refused without filling it', () => {
  const bomb = Buffer.concat([good.subarray(0, 38), deflateRawSync(Buffer.alloc(80 * 1024 * 1024))]);
  expect(judge(() => decodeCheckpoint(bomb))).toEqual({ kind: 'accepted', result: 'it is damaged' });
});
