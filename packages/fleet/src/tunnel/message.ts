/**
 * One message of a tunnel:
 *
 *   kind (1)  place (6)  body
 *
 * The place counts the messages of one direction. A message that is lost on the way is a gap in these, which the next one shows;
 * if none follows, the next beat does.
 */
export const KIND = {
  /** Bytes of the stream. */
  DATA: 1,
  /** Body: how many bytes of the stream the sender of this takes in all, as 6 bytes. */
  GRANT: 2,
  /** I am there. */
  BEAT: 3,
  /** The stream is over. */
  CLOSE: 4,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

const HEADER_BYTES = 7;
const COUNT_BYTES = 6;
const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

export interface TunnelMessage {
  readonly kind: Kind;
  readonly place: number;
  readonly body: Buffer;
}

export function encodeMessage(kind: Kind, place: number, body?: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(HEADER_BYTES + (body?.length ?? 0));
  message[0] = kind;
  message.writeUIntBE(place, 1, COUNT_BYTES);
  if (body) message.set(body, HEADER_BYTES);
  return message;
}

/** Undefined for what is none. */
export function decodeMessage(bytes: Uint8Array): TunnelMessage | undefined {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = message[0];
  if (message.length < HEADER_BYTES || kind === undefined || !KINDS.has(kind)) return undefined;
  const body = message.subarray(HEADER_BYTES);
  if (kind === KIND.GRANT && body.length !== COUNT_BYTES) return undefined;
  return { kind: kind as Kind, place: message.readUIntBE(1, COUNT_BYTES), body };
}

export function encodeCount(count: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(COUNT_BYTES);
  bytes.writeUIntBE(count, 0, COUNT_BYTES);
  return bytes;
}

export function decodeCount(bytes: Buffer): number {
  return bytes.readUIntBE(0, COUNT_BYTES);
}
