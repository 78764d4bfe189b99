import type { Call } from './tool.ts';

const EVERY_MS = 2_000;

/** Tells a client that asked for it how long a call has waited: many give up on one that says nothing. */
export class Progress implements Disposable {
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(call: Call, totalMs: number) {
    const progressToken = call._meta?.progressToken;
    if (progressToken === undefined) return;
    const begunMs = performance.now();
    this.#timer = setInterval(() => {
      const progress = Math.min(Math.round(performance.now() - begunMs), totalMs);
      const params = {
        progressToken,
        progress,
        total: totalMs,
        message: `waited ${Math.round(progress / 1000)} s`,
      };
      // The client has gone: the server ends.
      call.sendNotification({ method: 'notifications/progress', params }).catch(() => undefined);
    }, EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
