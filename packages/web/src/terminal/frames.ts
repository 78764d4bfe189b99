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

/** In two where `at` is within it: what comes before, and what doesn't. */
export function splitFrame(frame: Frame, at: number): Frame[] {
  const { offset, bytes } = frame;
  const cut = at - offset;
  if (cut <= 0 || cut >= bytes.length) return [frame];
  return [
    { offset, bytes: bytes.subarray(0, cut) },
    { offset: at, bytes: bytes.subarray(cut) },
  ];
}

/** Undefined if it is none. */
export function decodeFrame(frame: ArrayBuffer): Frame | undefined {
  if (frame.byteLength < HEADER_BYTES) return undefined;
  const offset = Number(new DataView(frame).getBigUint64(0, true));
  return Number.isSafeInteger(offset) ? { offset, bytes: new Uint8Array(frame, HEADER_BYTES) } : undefined;
}
