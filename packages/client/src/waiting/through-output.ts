import type { Client } from '../client.ts';
import type { Subscription } from '../subscription.ts';

export interface OutputReader {
  /** The next bytes; `isNew` if they were written since the wait began. `met` ends the wait, and so does `failed`, or throwing. */
  came(
    piece: { bytes: Uint8Array; offset: number; isNew: boolean },
    met: () => void,
    failed: (error: unknown) => void,
  ): void;
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
export async function throughOutput(
  client: Client,
  session: string,
  reader: OutputReader,
  { from = 'start', signal, onGap }: ReadingOptions = {},
): Promise<boolean> {
  signal?.throwIfAborted();
  let subscription: Subscription | undefined;
  let isOver = false;
  let end = 0;
  let aborted: () => void = () => undefined;
  try {
    return await new Promise<boolean>((resolve, reject) => {
      aborted = () => reject(signal?.reason);
      signal?.addEventListener('abort', aborted, { once: true });
      client
        .subscribe(session, {
          from,
          // Exact: what is waited for must not be in bytes that were skipped because they came too fast.
          mode: 'exact',
          onData: (bytes, offset) => {
            if (isOver) return;
            end = offset + bytes.length;
            subscription?.acknowledge(end);
            const isNew = subscription !== undefined && offset >= subscription.session.offset;
            try {
              reader.came({ bytes, offset, isNew }, () => resolve(true), reject);
            } catch (error) {
              // More may come in the same turn.
              isOver = true;
              reject(error);
            }
          },
          ...(onGap ? { onGap } : {}),
          onExited: () => void reader.ended().then(resolve, reject),
          onLost: reject,
        })
        .then((opened) => {
          subscription = opened;
          // Whoever was waiting for it has gone meanwhile.
          if (isOver) void opened.close();
          else if (end > 0) opened.acknowledge(end);
        })
        .catch(reject);
    });
  } finally {
    isOver = true;
    signal?.removeEventListener('abort', aborted);
    void subscription?.close();
  }
}
