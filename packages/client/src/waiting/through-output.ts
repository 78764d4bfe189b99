import type { Client } from '../client.ts';
import type { Subscription } from '../subscription.ts';
import { untilTold } from './until-told.ts';

export interface OutputReader {
  /** The next bytes; `isNew` if they were written since the wait began. `met` ends the wait, and so does `failed`, or throwing. */
  came(
    piece: { bytes: Uint8Array; offset: number; isNew: boolean },
    met: () => void,
    failed: (error: unknown) => void,
  ): void;
  /** Something is missing behind what was shown, or may be: what comes is not joined to it. */
  missed(): void;
  /** The session has ended without; whether it counts as met all the same. */
  ended(): Promise<boolean>;
}

export interface ReadingOptions {
  /** First byte that is shown: an offset, or the oldest that is kept, which is the default. */
  readonly from?: number | 'start' | undefined;
  /** Ends the wait: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that can't be shown, as they are no longer kept; or of which up to so many may be missing, after a crash. */
  readonly onGap?: ((gap: { from: number; to: number; reason: 'evicted' | 'crash' }) => void) | undefined;
}

/** Shows a reader the output of a session until it is met, or the session ends: says which. */
export function throughOutput(
  client: Client,
  session: string,
  reader: OutputReader,
  { from = 'start', signal, onGap }: ReadingOptions = {},
): Promise<boolean> {
  let subscription: Subscription | undefined;
  let isOver = false;
  let end = 0;
  return untilTold<boolean>(client, session, signal, (tell, fail) => ({
    options: {
      from,
      // Exact: what is waited for must not be in bytes that were skipped because they came too fast.
      mode: 'exact',
      onData: (bytes, offset) => {
        // More may come in the turn in which it ends.
        if (isOver) return;
        end = offset + bytes.length;
        subscription?.acknowledge(end);
        const isNew = subscription !== undefined && offset >= subscription.session.offset;
        try {
          reader.came({ bytes, offset, isNew }, () => tell(true), fail);
        } catch (error) {
          isOver = true;
          fail(error);
        }
      },
      onGap: (gap) => {
        if (isOver) return;
        reader.missed();
        onGap?.(gap);
      },
      onExited: () => void reader.ended().then(tell, fail),
    },
    opened: (opened) => {
      subscription = opened;
      if (end > 0) opened.acknowledge(end);
    },
  })).finally(() => {
    isOver = true;
  });
}
