import type { Client, Subscription } from '@holdfast/client';

export interface OutputReader {
  /** The next bytes; `isNew` if they were written since the wait began. `met` ends the wait. */
  came(bytes: Uint8Array, isNew: boolean, met: () => void): void;
  /** The session has ended without; whether it counts as met all the same. */
  ended(): Promise<boolean>;
}

/** Shows a reader all output of a session, earlier output included, until it is met, or the session ends: says which. */
export function throughOutput(client: Client, session: string, reader: OutputReader): Promise<boolean> {
  let subscription: Subscription | undefined;
  let end = 0;
  return new Promise<boolean>((resolve, reject) => {
    client
      .subscribe(session, {
        from: 'start',
        // Exact: what is waited for must not be in bytes that were skipped because they came too fast.
        mode: 'exact',
        onData: (bytes, offset) => {
          end = offset + bytes.length;
          subscription?.acknowledge(end);
          const isNew = subscription !== undefined && offset >= subscription.session.offset;
          reader.came(bytes, isNew, () => resolve(true));
        },
        onExited: () => void reader.ended().then(resolve, reject),
        onLost: reject,
      })
      .then((opened) => {
        subscription = opened;
        opened.acknowledge(end);
      })
      .catch(reject);
  }).finally(() => void subscription?.close());
}
