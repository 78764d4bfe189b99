import { type Exit, LIMITS, type Session } from '@holdfast/protocol';
import * as z from 'zod';

/** Output beyond the page's last acknowledgement; what a page may have in its browser's queue. */
export const WINDOW_BYTES = 512 * 1024;
/** Before the bytes of a binary frame: the offset of the first, u64, little-endian. */
export const HEADER_BYTES = 8;
/** A page that does not say what it wants by then. */
export const ATTACH_MS = 5_000;

const extent = z.int().min(1).max(LIMITS.columnsOrRows);
const offset = z.int().min(0);

/** What a page says, in text frames. */
const PAGE_MESSAGES = {
  attach: z.object({
    type: z.literal('attach'),
    from: z.union([offset, z.literal('new')]),
    cols: extent,
    rows: extent,
    readOnly: z.boolean().optional(),
    /** It begins with what the session shows, not with raw output, and begins anew so where output is skipped. */
    screen: z.boolean().optional(),
    stream: z.string().min(8).max(LIMITS.streamIdCharacters).optional(),
    /** Something that was typed on the stream is done: it is not to be begun anew. */
    again: z.boolean().optional(),
  }),
  ack: z.object({ type: z.literal('ack'), offset }),
  viewport: z.object({ type: z.literal('viewport'), cols: extent, rows: extent }),
} as const;

const pageMessage = z.discriminatedUnion('type', [
  PAGE_MESSAGES.attach,
  PAGE_MESSAGES.ack,
  PAGE_MESSAGES.viewport,
]);
export type PageMessage = z.infer<typeof pageMessage>;
export type Attach = z.infer<typeof PAGE_MESSAGES.attach>;

/** What the host says, in text frames. */
export type HostMessage =
  | {
      type: 'attached';
      session: Session;
      offset: number;
      readOnly: boolean;
      leading: boolean;
      /** A `screen` comes before any output, and tells where that begins. */
      screen?: true;
    }
  | {
      type: 'screen';
      offset: number;
      cols: number;
      rows: number;
      incomplete: readonly string[];
      text: string;
    }
  | { type: 'asked'; text: string }
  | { type: 'resized'; offset: number; cols: number; rows: number }
  | { type: 'resync'; offset: number }
  | { type: 'leading'; leading: boolean; offset: number }
  | { type: 'pause'; paused: boolean }
  | { type: 'inputDone'; offset: number }
  | { type: 'inputUnknown'; from: number; to: number }
  | { type: 'exited'; offset: number; exit: Exit }
  | { type: 'error'; code: string; message: string; retry: boolean };

/** `ignored`: of a type that a later version may have. Undefined: it breaks the protocol. */
export function parsePageMessage(text: string): PageMessage | 'ignored' | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined; // SyntaxError
  }
  const parsed = pageMessage.safeParse(document);
  if (parsed.success) return parsed.data;
  const named = z.object({ type: z.string() }).safeParse(document);
  return named.success && !Object.hasOwn(PAGE_MESSAGES, named.data.type) ? 'ignored' : undefined;
}

/** The frame of some bytes of output. */
export function dataFrame(offset: number, bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  frame.writeBigUInt64LE(BigInt(offset));
  frame.set(bytes, HEADER_BYTES);
  return frame;
}

/** Undefined if it breaks the protocol. */
export function parseDataFrame(frame: Buffer): { offset: number; bytes: Buffer } | undefined {
  if (frame.length < HEADER_BYTES) return undefined;
  const offset = Number(frame.readBigUInt64LE());
  const bytes = frame.subarray(HEADER_BYTES);
  return Number.isSafeInteger(offset + bytes.length) ? { offset, bytes } : undefined;
}
