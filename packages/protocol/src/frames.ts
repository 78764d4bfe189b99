/**
 * The frame: everything on the wire, in both directions.
 *
 *   u32 length | u8 type | payload            length counts type and payload; all integers little-endian
 *
 *   CONTROL                  payload = one JSON document in UTF-8
 *   OUTPUT, INPUT            payload = u32 channel | u64 offset | bytes
 *   OUTPUT_ACK, INPUT_ACK    payload = u32 channel | u64 offset
 *
 * An offset is the position of the frame's first byte in the session's output, or in the stream's input. In
 * an acknowledgement it is the number of bytes that are done with. Numbers are never reused for another meaning.
 */
export const FRAME = {
  CONTROL: 1,
  OUTPUT: 2,
  OUTPUT_ACK: 3,
  INPUT: 4,
  INPUT_ACK: 5,
} as const;

/** Any type of frame. */
export type FrameType = (typeof FRAME)[keyof typeof FRAME];
/** Frames that carry bytes of a channel. */
export type DataFrameType = typeof FRAME.OUTPUT | typeof FRAME.INPUT;
/** Frames that acknowledge bytes of a channel. */
export type AckFrameType = typeof FRAME.OUTPUT_ACK | typeof FRAME.INPUT_ACK;

/** `u32 length | u8 type` */
export const FRAME_HEADER_BYTES = 5;
/** `u32 channel | u64 offset` */
export const CHANNEL_HEADER_BYTES = 12;
/** What stands before the bytes of a data frame. */
export const DATA_HEADER_BYTES = FRAME_HEADER_BYTES + CHANNEL_HEADER_BYTES;

const TWO_32 = 0x1_0000_0000;
const utf8 = new TextEncoder();

/** Writes the header of an OUTPUT or INPUT frame that carries `byteCount` bytes; returns DATA_HEADER_BYTES. */
export function writeDataHeader(
  into: Uint8Array,
  frame: { type: DataFrameType; channel: number; offset: number; byteCount: number },
): number {
  writeChannelFrame(into, frame, frame.byteCount);
  return DATA_HEADER_BYTES;
}

/** One whole data frame. For senders that do not mind the copy. */
export function encodeData(frame: {
  type: DataFrameType;
  channel: number;
  offset: number;
  bytes: Uint8Array;
}): Uint8Array {
  const encoded = new Uint8Array(DATA_HEADER_BYTES + frame.bytes.length);
  writeChannelFrame(encoded, frame, frame.bytes.length);
  encoded.set(frame.bytes, DATA_HEADER_BYTES);
  return encoded;
}

/** Writes one whole acknowledgement; returns DATA_HEADER_BYTES. */
export function writeAck(
  into: Uint8Array,
  frame: { type: AckFrameType; channel: number; offset: number },
): number {
  writeChannelFrame(into, frame, 0);
  return DATA_HEADER_BYTES;
}

/** One whole acknowledgement. */
export function encodeAck(frame: { type: AckFrameType; channel: number; offset: number }): Uint8Array {
  const encoded = new Uint8Array(DATA_HEADER_BYTES);
  writeAck(encoded, frame);
  return encoded;
}

/** One whole control frame. `message` must be representable in JSON. */
export function encodeControl(message: object): Uint8Array {
  return encodeControlText(JSON.stringify(message));
}

/** One whole control frame of a message that is JSON already. */
export function encodeControlText(text: string): Uint8Array {
  return encodeControlParts(utf8.encode(text));
}

/** The answer to a request, of which the result is JSON in UTF-8 already. */
export function encodeAnswer(id: number, result: Uint8Array): Uint8Array {
  return encodeControlParts(utf8.encode(`{"id":${id},"ok":`), result, utf8.encode('}'));
}

function encodeControlParts(...parts: Uint8Array[]): Uint8Array {
  const byteCount = parts.reduce((sum, { length }) => sum + length, 0);
  const encoded = new Uint8Array(FRAME_HEADER_BYTES + byteCount);
  const view = new DataView(encoded.buffer);
  view.setUint32(0, 1 + byteCount, true);
  view.setUint8(4, FRAME.CONTROL);
  let at = FRAME_HEADER_BYTES;
  for (const part of parts) {
    encoded.set(part, at);
    at += part.length;
  }
  return encoded;
}

function writeChannelFrame(
  into: Uint8Array,
  frame: { type: FrameType; channel: number; offset: number },
  byteCount: number,
): void {
  const { type, channel, offset } = frame;
  putU32(into, 0, 1 + CHANNEL_HEADER_BYTES + byteCount);
  into[4] = type;
  putU32(into, 5, channel);
  putU32(into, 9, offset % TWO_32);
  putU32(into, 13, Math.floor(offset / TWO_32));
}

/** Little-endian. Byte by byte: a DataView of a small array would have to be made for each frame, and its memory with it. */
function putU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value;
  into[at + 1] = value >>> 8;
  into[at + 2] = value >>> 16;
  into[at + 3] = value >>> 24;
}

/** Reads a u64 that must be a safe integer; NaN if it is not. */
export function readOffset(view: DataView, at: number): number {
  const offset = view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;
  return Number.isSafeInteger(offset) ? offset : Number.NaN;
}
