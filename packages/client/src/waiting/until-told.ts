import type { Client } from '../client.ts';
import type { SubscribeOptions } from '../subscribe-options.ts';
import type { Subscription } from '../subscription.ts';

/** From now on, and in nobody's way. */
export const LOOKING_ON = { from: 'now', mode: 'viewer', readOnly: true } as const;

interface Watching {
  readonly options: SubscribeOptions;
  readonly opened?: (subscription: Subscription) => void;
}

/** Subscribes to a session until `tell` or `fail` is called; lets go of it then, and when `signal` aborts. */
export async function untilTold<T>(
  client: Client,
  session: string,
  signal: AbortSignal | undefined,
  watching: (tell: (told: T) => void, fail: (error: unknown) => void) => Watching,
): Promise<T> {
  signal?.throwIfAborted();
  let subscription: Subscription | undefined;
  let isOver = false;
  let aborted: () => void = () => undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      aborted = () => {
        reject(signal?.reason);
        void subscription?.close();
      };
      signal?.addEventListener('abort', aborted, { once: true });
      const { options, opened } = watching(resolve, reject);
      client
        .subscribe(session, { onLost: reject, ...options, signal })
        .then((made) => {
          subscription = made;
          // Whoever was waiting has gone meanwhile.
          if (isOver) void made.close();
          else opened?.(made);
        })
        .catch(reject);
    });
  } finally {
    isOver = true;
    signal?.removeEventListener('abort', aborted);
    void subscription?.close();
  }
}
