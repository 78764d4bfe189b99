import { HoldfastError, type RequestParameters, type RequestResult } from '@holdfast/protocol';

/** A screen with fewer lines above it takes less: those are given up before the screen is. */
const FEWER_LINES = [200, 0];

/** What a terminal is to be given. */
export interface SnapshotOptions {
  /** `vt` for a fresh terminal of the session's size (the default), `paint` for one that is in use, see docs/protocol.md. */
  readonly format?: 'vt' | 'paint';
  /** Lines above the screen, 0 to 1,000; 1,000 by default. */
  readonly historyLines?: number;
  /** The size of the terminal in use, for `paint`. */
  readonly viewport?: { readonly cols: number; readonly rows: number };
  /** How long it may take, in milliseconds; 10,000 by default. Then it rejects with E_TIMEOUT. */
  readonly timeoutMs?: number;
  /** Gives it up: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A session's screen at an offset of its output, as bytes for a terminal. */
export interface Snapshot {
  /** The output from here on is what the terminal is to be shown next. */
  readonly offset: number;
  /** The size for which it was made: columns and rows of characters. */
  readonly cols: number;
  readonly rows: number;
  /** What the terminal is to be given, in UTF-8. */
  readonly bytes: Uint8Array;
  /** From the upper left corner, both from 0. */
  readonly cursor: { readonly x: number; readonly y: number; readonly hidden: boolean };
  /** The program has the alternate buffer. */
  readonly alternate: boolean;
  /** Why it may differ from what a terminal shows that was always there, as `whyIncomplete` puts into words; empty if it does not. */
  readonly incomplete: readonly string[];
}

type Capture = (
  parameters: RequestParameters<'capture'>,
  timeoutMs: number,
) => Promise<RequestResult<'capture'>>;

/** Asks for a snapshot, and for one with fewer lines above the screen if it is too large. Rejects with the daemon's error. */
export async function takeSnapshot(
  capture: Capture,
  session: string,
  { format = 'vt', historyLines = 1_000, viewport, timeoutMs = 10_000 }: SnapshotOptions = {},
): Promise<Snapshot> {
  const deadline = performance.now() + timeoutMs;
  const lines = [historyLines, ...FEWER_LINES.filter((fewer) => fewer < historyLines)];
  const size = viewport && format === 'paint' ? { viewport } : {};
  for (const [attempt, historyLines] of lines.entries()) {
    try {
      const leftMs = Math.max(1, deadline - performance.now());
      const captured = await capture({ session, format, historyLines, ...size }, leftMs);
      const { text, offset, cols, rows, cursor, alternate, incomplete } = captured;
      return { offset, cols, rows, cursor, alternate, incomplete, bytes: new TextEncoder().encode(text) };
    } catch (error) {
      const isTooLarge = error instanceof HoldfastError && error.code === 'E_LIMIT';
      if (!isTooLarge || attempt === lines.length - 1) throw error;
    }
  }
  throw new Error('unreachable');
}
