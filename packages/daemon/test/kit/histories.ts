import { addressOf, copyIn, copyOut } from '@holdfast/posix';
import type { History } from '../../src/history/history.ts';
import { READ_BYTES } from '../../src/history/ring.ts';

/** Appends bytes as reads of a terminal would: READ_BYTES at most each. */
export function record(history: History, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += READ_BYTES) {
    const piece = Buffer.from(bytes.subarray(at, at + READ_BYTES));
    copyIn(history.writeAddress, addressOf(piece), piece.length);
    history.append(piece.length);
  }
}

export function recordedBytes(history: History, from: number, to: number): Buffer {
  return copyOut(history.addressOf(from), to - from);
}

/** Bytes of which no two stretches of some length are equal. */
export function numbered(from: number, byteCount: number): Buffer {
  const bytes = Buffer.alloc(byteCount);
  for (let index = 0; index < byteCount; index += 1) {
    const offset = from + index;
    bytes[index] = (offset * 31 + (offset >>> 8) * 7 + (offset >>> 16) * 3) & 0xff;
  }
  return bytes;
}
