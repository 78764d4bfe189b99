import { type Client, SessionOutput } from '@holdfast/client';
import { incompleteTail, plainText, unfinishedSequence } from '@holdfast/client/waiting';
import type { Session } from '@holdfast/protocol';
import type * as z from 'zod/v4';
import type { gapShape } from './shapes.ts';

export interface Passage {
  readonly text: string;
  /** Offset of its first byte. */
  readonly from: number;
  /** Where to read on. */
  readonly next: number;
  /** The end of the output when it was read. */
  readonly end: number;
  readonly gaps: z.infer<typeof gapShape>[];
}

interface Wanted {
  /** An offset; undefined: the newest. */
  readonly from: number | undefined;
  readonly format: 'text' | 'ansi';
  readonly maxBytes: number;
}

/** Reads a passage of a session's output. It is cut where neither a character nor, as text, an escape sequence is cut through. */
export async function readOutput(client: Client, session: Session, wanted: Wanted): Promise<Passage> {
  const { format, maxBytes } = wanted;
  const start = wanted.from ?? Math.max(session.historyStart, session.offset - maxBytes);
  const kept = new SessionOutput({ from: start, to: session.offset });
  const pieces: Uint8Array[] = [];
  const gaps: Passage['gaps'] = [];
  let length = 0;
  let from = start;
  await kept.open(client, session.id);
  try {
    while (length < maxBytes) {
      const piece = await kept.next();
      if (!piece) break;
      if (piece.kind === 'gap') {
        const { from: first, to, reason } = piece;
        // What is before a hole is not joined to what is behind it.
        if (reason === 'evicted' && length > 0) break;
        gaps.push({ from: first, to, reason });
        if (reason === 'evicted') from = to;
        continue;
      }
      pieces.push(piece.bytes);
      length += piece.bytes.length;
    }
  } finally {
    await kept.close();
  }
  const read = Buffer.concat(pieces).subarray(0, maxBytes);
  // Of the newest, the first byte may be in the middle of a character.
  const skipped = wanted.from === undefined ? continuationBytes(read) : 0;
  const bytes = read.subarray(skipped);
  const isAll = session.state === 'exited' && from + read.length >= session.offset;
  const whole = isAll ? bytes.length : wholeLength(bytes, format);
  const text = bytes.toString('utf8', 0, whole);
  const next = from + skipped + whole;
  return {
    text: format === 'text' ? plainText(text) : text,
    from: from + skipped,
    next,
    end: session.offset,
    gaps: gaps.filter((gap) => gap.from <= next),
  };
}

/** Without what is cut through at the end; but something, so that reading goes on. */
function wholeLength(bytes: Uint8Array, format: 'text' | 'ansi'): number {
  const characters = bytes.length - incompleteTail(bytes);
  const sequences = characters - (format === 'text' ? unfinishedSequence(bytes.subarray(0, characters)) : 0);
  return sequences || characters || bytes.length;
}

function continuationBytes(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return first > 0 && first <= 3 ? first : 0;
}
