import type { RequestResult } from '@holdfast/protocol';

/** What is known of when output was written, and for which size. */
export type Timeline = Pick<RequestResult<'timeline'>, 'times' | 'sizes'>;

/** Output that was written at one time, or, without any, another size from then on. */
export interface TimedPiece {
  readonly timeMs: number;
  readonly bytes: Uint8Array;
  readonly resized: { readonly cols: number; readonly rows: number } | undefined;
}

const NO_BYTES = new Uint8Array(0);

/** Cuts output where its time or its size changes. Output comes in order. */
export class TimedOutput {
  readonly #times: Timeline['times'];
  readonly #sizes: Timeline['sizes'];
  #nextTime = 0;
  #nextSize = 0;
  #timeMs: number;
  #lastToldMs: number;
  #size: { cols: number; rows: number };

  /** Time and size at `offset`, where the output begins, as far as the timeline does not know better. */
  constructor(
    timeline: Timeline,
    begin: { readonly offset: number; readonly timeMs: number; readonly cols: number; readonly rows: number },
  ) {
    this.#times = timeline.times;
    this.#sizes = timeline.sizes;
    this.#timeMs = begin.timeMs;
    this.#lastToldMs = begin.timeMs;
    this.#size = { cols: begin.cols, rows: begin.rows };
    for (const { offset, cols, rows } of timeline.sizes) {
      if (offset > begin.offset) break;
      this.#size = { cols, rows };
      this.#nextSize += 1;
    }
    this.#passTimes(begin.offset);
  }

  /** When the output so far was written, and what follows it at the earliest. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** For which size. */
  get size(): { readonly cols: number; readonly rows: number } {
    return this.#size;
  }

  *cut(bytes: Uint8Array, offset: number): Generator<TimedPiece> {
    const end = offset + bytes.length;
    for (let at = offset; at < end; ) {
      yield* this.#resizes(at);
      this.#passTimes(at);
      const to = Math.min(end, this.#nextChange());
      const piece = bytes.subarray(at - offset, to - offset);
      yield { timeMs: this.#timeMs, bytes: piece, resized: undefined };
      at = to;
    }
  }

  /** What comes behind the last output: sizes that nothing was written for. */
  *end(offset: number): Generator<TimedPiece> {
    yield* this.#resizes(offset);
  }

  /** All sizes up to an offset, each at its time. */
  *#resizes(offset: number): Generator<TimedPiece> {
    for (
      let next = this.#sizes[this.#nextSize];
      next && next.offset <= offset;
      next = this.#sizes[this.#nextSize]
    ) {
      this.#nextSize += 1;
      const { cols, rows } = next;
      if (cols === this.#size.cols && rows === this.#size.rows) continue;
      this.#passTimes(next.offset, next.timeMs);
      this.#goTo(next.timeMs);
      this.#size = { cols, rows };
      yield { timeMs: this.#timeMs, bytes: NO_BYTES, resized: { cols, rows } };
    }
  }

  /** All times up to an offset; of those at the offset itself, the ones that are no later than `timeMs`. */
  #passTimes(offset: number, timeMs = Number.POSITIVE_INFINITY): void {
    for (let next = this.#times[this.#nextTime]; next; next = this.#times[this.#nextTime]) {
      const [from, at] = next;
      if (from > offset || (from === offset && at > timeMs)) return;
      this.#goTo(at);
      this.#nextTime += 1;
    }
  }

  #goTo(timeMs: number): void {
    // A clock that was set back does not go on from where it was.
    this.#timeMs += Math.max(0, timeMs - this.#lastToldMs);
    this.#lastToldMs = timeMs;
  }

  /** Offset of the next time or size. */
  #nextChange(): number {
    const time = this.#times[this.#nextTime]?.[0] ?? Number.POSITIVE_INFINITY;
    const size = this.#sizes[this.#nextSize]?.offset ?? Number.POSITIVE_INFINITY;
    return Math.min(time, size);
  }
}
