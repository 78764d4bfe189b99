import type { History } from '../history/history.ts';
import { followEveryBytes } from '../screen/follow-every.ts';
import type { Followed, FollowRequest } from '../screen/messages.ts';

/** Output that comes slower than this can be shown by a twentieth of a core, or little more, whatever it is. */
const FLOOD_BYTES_PER_MS = 1_000;
/** Of the time that passes, a screen that is behind gets one part in so many: 5 % of a core. */
const SHARE = 20;
/** What each time costs that the worker does not see. */
const ASKING_MS = 0.1;
/** Before it is tried again where no screens can be made. */
const FAILED_MS = 60_000;

export interface FollowingSurroundings {
  readonly history: History;
  readonly follow: (how: FollowRequest['follow']) => Promise<Followed>;
}

/**
 * Has a session's screen shown its output before the history has that no longer, whether somebody looks or not: who comes back gets
 * exactly what was there. It needs no timer: where nothing more is written, nothing is lost.
 */
export class Following {
  readonly #history: History;
  readonly #follow: FollowingSurroundings['follow'];
  readonly #everyBytes: number;
  /** What is before it has been shown, or is given up. */
  #shown: number;
  #isAsking = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Where the output was when the screen turned out to be behind. */
  #behind: { readonly sinceMs: number; readonly end: number } | undefined;

  constructor({ history, follow }: FollowingSurroundings) {
    this.#history = history;
    this.#follow = follow;
    this.#everyBytes = followEveryBytes(history.capacity);
    // Where a predecessor was with it is not known: no further behind than this is from being too late.
    this.#shown = Math.max(0, history.end - this.#everyBytes / 2);
  }

  /** Output was recorded. */
  outputGrew(nowMs: number): void {
    const { end } = this.#history;
    if (this.#isAsking || end - this.#shown < this.#everyBytes || nowMs < this.#notBeforeMs) return;
    const grown = this.#behind && (end - this.#behind.end) / Math.max(1, nowMs - this.#behind.sinceMs);
    this.#ask({ isFlood: grown !== undefined && grown > FLOOD_BYTES_PER_MS, upTo: end, goesOn: false });
  }

  #ask(how: FollowRequest['follow']): void {
    this.#isAsking = true;
    this.#follow(how).then(
      (followed) => this.#followed(followed, how.upTo),
      // The session was forgotten, or there are no screens.
      () => this.#failed(),
    );
  }

  #followed({ offset, isBehind, hasMore, tookMs }: Followed, upTo: number): void {
    const nowMs = performance.now();
    this.#isAsking = false;
    this.#shown = offset;
    this.#behind = isBehind ? { sinceMs: nowMs, end: this.#history.end } : undefined;
    if (isBehind) this.#notBeforeMs = nowMs + (tookMs + ASKING_MS) * (SHARE - 1);
    else if (hasMore) this.#ask({ isFlood: false, upTo, goesOn: true });
    // What came meanwhile.
    else this.outputGrew(nowMs);
  }

  #failed(): void {
    this.#isAsking = false;
    this.#notBeforeMs = performance.now() + FAILED_MS;
  }
}
