import type { Client, Subscription } from '@holdfast/client';
import type { OutputSearch } from './output-search.ts';
import { ScreenWatch } from './screen-watch.ts';

/**
 * Waits until `search` has found what it looks for in the output, earlier output included, or on the screen; false if the session ends
 * without it.
 */
export function waitForOutput(client: Client, session: string, search: OutputSearch): Promise<boolean> {
  let subscription: Subscription | undefined;
  let end = 0;
  const screen = new ScreenWatch(client, session, (text) => search.matches(text));
  return new Promise((resolve, reject) => {
    const found = () => {
      resolve(true);
      void subscription?.close();
    };
    client
      .subscribe(session, {
        from: 'start',
        // Exact: a match must not be in bytes that were skipped because they came too fast.
        mode: 'exact',
        onData: (bytes, offset) => {
          end = offset + bytes.length;
          subscription?.acknowledge(end);
          if (search.push(bytes)) found();
          else screen.outputCame(found);
        },
        onExited: () => void screen.look().then(resolve),
        onLost: reject,
      })
      .then((opened) => {
        subscription = opened;
        opened.acknowledge(end);
      })
      .catch(reject);
  });
}
