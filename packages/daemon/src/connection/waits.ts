import { HoldfastError, LIMITS } from '@holdfast/protocol';
import type { Session } from '../session/session.ts';
import type { InputChannel } from './input-channel.ts';

/** Requests of one client that are answered when something happens, however long that takes. There is a limit for them. */
export class Waits {
  /** What ends each. */
  readonly #stops = new Set<() => void>();
  /** Of those that can be cancelled, by the id of the request. */
  readonly #cancels = new Map<number, () => void>();

  /**
   * Resolves when the session has exited; never if this is closed before. Rejects with HoldfastError(E_CANCELLED) once `cancel` is called
   * with `id`. Throws HoldfastError(E_LIMIT).
   */
  untilExited(session: Pick<Session, 'hasExited' | 'onExit'>, id?: number): Promise<void> {
    if (session.hasExited) return Promise.resolve();
    this.#check();
    return new Promise((resolve, reject) => {
      const cancel = () => {
        end();
        reject(new HoldfastError('E_CANCELLED', 'the client has cancelled it'));
      };
      const stop = session.onExit(() => {
        end();
        resolve();
      });
      const end = () => {
        stop();
        this.#stops.delete(stop);
        // A client that uses an id twice at a time means the newest one.
        if (id !== undefined && this.#cancels.get(id) === cancel) this.#cancels.delete(id);
      };
      this.#stops.add(stop);
      if (id !== undefined) this.#cancels.set(id, cancel);
    });
  }

  /** Ends the wait that was begun with this id, if there is one. */
  cancel(id: number): void {
    this.#cancels.get(id)?.();
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
    this.#cancels.clear();
  }

  #check(): void {
    if (this.#stops.size < LIMITS.waitingRequestsPerClient) return;
    throw new HoldfastError(
      'E_LIMIT',
      `a connection has at most ${LIMITS.waitingRequestsPerClient} waiting requests`,
    );
  }
}
