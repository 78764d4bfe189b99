import { HoldfastError, LIMITS } from '@holdfast/protocol';
import type { Session } from '../session/session.ts';
import type { InputChannel } from './input-channel.ts';

/** Requests of one client that are answered when something happens, however long that takes. There is a limit for them. */
export class Waits {
  /** What ends each. */
  readonly #stops = new Set<() => void>();

  /** Resolves when the session has exited; never if this is closed before. Throws HoldfastError(E_LIMIT). */
  untilExited(session: Session): Promise<void> {
    if (session.hasExited) return Promise.resolve();
    this.#check();
    return new Promise((resolve) => {
      const stop = session.onExit(() => {
        this.#stops.delete(stop);
        resolve();
      });
      this.#stops.add(stop);
    });
  }

  /**
   * Types the end of file once everything received on that input has been typed. Resolves with whether that was done: not if
   * the program ends, or the channel is closed, before. Rejects with HoldfastError(E_LIMIT).
   */
  async endInput(input: InputChannel, midLine: boolean, lineEnded: () => void): Promise<boolean> {
    this.#check();
    const wait = () => undefined;
    this.#stops.add(wait);
    try {
      return (await input.untilDone()) && (await input.session.endInput(midLine, lineEnded));
    } finally {
      this.#stops.delete(wait);
    }
  }

  /** The client has gone. */
  close(): void {
    for (const stop of this.#stops) stop();
    this.#stops.clear();
  }

  #check(): void {
    if (this.#stops.size < LIMITS.waitingRequestsPerClient) return;
    throw new HoldfastError(
      'E_LIMIT',
      `a connection has at most ${LIMITS.waitingRequestsPerClient} waiting requests`,
    );
  }
}
