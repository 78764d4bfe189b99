import type { Client, Subscription } from '@holdfast/client';
import type { OutputSearch } from './output-search.ts';

/** Waits until `search` has found its output, earlier output included; false if the session ends without it. */
export function waitForOutput(client: Client, session: string, search: OutputSearch): Promise<boolean> {
  let subscription: Subscription | undefined;
  let end = 0;
  return new Promise((resolve, reject) => {
    client
      .subscribe(session, {
        from: 'start',
        // Exact: a match must not be in bytes that were skipped because they came too fast.
        mode: 'exact',
        onData: (bytes, offset) => {
          end = offset + bytes.length;
          subscription?.acknowledge(end);
          if (!search.push(bytes)) return;
          resolve(true);
          void subscription?.close();
        },
        onExited: () => resolve(false),
        onLost: reject,
      })
      .then((opened) => {
        subscription = opened;
        opened.acknowledge(end);
      })
      .catch(reject);
  });
}
