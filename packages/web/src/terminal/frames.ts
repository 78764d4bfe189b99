/** Binary frames of docs/api.md: an offset as u64, little-endian, and bytes. */
const HEADER_BYTES = 8;

export interface Frame {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function encodeFrame({ offset, bytes }: Frame): ArrayBuffer {
  const frame = new Uint8Array(HEADER_BYTES + bytes.length);
  new DataView(frame.buffer).setBigUint64(0, BigInt(offset), true);
  frame.set(bytes, HEADER_BYTES);
  return frame.buffer;
}

/** In pieces, cut at the offsets that are within it. */
export function splitFrame(frame: Frame, ...offsets: readonly number[]): Frame[] {
  const end = frame.offset + frame.bytes.length;
  const within = offsets.filter((at) => at > frame.offset && at < end).toSorted((a, b) => a - b);
  const begins = [frame.offset, ...new Set(within)];
  return begins.map((offset, index) => ({
    offset,
    bytes: frame.bytes.subarray(offset - frame.offset, (begins[index + 1] ?? end) - frame.offset),
  }));
}

/** Undefined if it is none. */
export function decodeFrame(frame: ArrayBuffer): Frame | undefined {
  if (frame.byteLength < HEADER_BYTES) return undefined;
  const offset = Number(new DataView(frame).getBigUint64(0, true));
  return Number.isSafeInteger(offset) ? { offset, bytes: new Uint8Array(frame, HEADER_BYTES) } : undefined;
}
