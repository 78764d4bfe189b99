import { isErrno } from '@holdfast/posix';
import type { History } from '../history/history.ts';
import type { HistoryPlace } from './session-files.ts';

/**
 * Histories that a successor has opened while the predecessor still writes them. A mapped file is shared memory, so what is
 * written meanwhile is there; only the ends have to be looked at again.
 */
export class PreparedHistories {
  readonly #histories = new Map<string, History>();
  readonly #open: (place: HistoryPlace) => History;

  constructor(open: (place: HistoryPlace) => History) {
    this.#open = open;
  }

  /** Opens as many as can be had; returns the ids of those whose files are not there. */
  prepare(places: readonly HistoryPlace[]): string[] {
    const missing: string[] = [];
    for (const place of places) {
      try {
        this.#histories.set(place.id, this.#open(place));
      } catch (error) {
        // Anything else than ENOENT: `take` says so, if it is so then.
        if (isErrno(error, 'ENOENT')) missing.push(place.id);
      }
    }
    return missing;
  }

  /** As it was when it was opened; it stays here until it is taken. */
  get(id: string): History | undefined {
    return this.#histories.get(id);
  }

  /** The history of a session as it is now, opened if need be. Throws Error if it can't be had. */
  take(place: HistoryPlace): History {
    const history = this.#histories.get(place.id);
    if (!history) return this.#open(place);
    this.#histories.delete(place.id);
    history.catchUp();
    return history;
  }

  /** Closes what nobody has taken. */
  dispose(): void {
    for (const history of this.#histories.values()) history.close();
    this.#histories.clear();
  }
}
