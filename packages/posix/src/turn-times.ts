/** Four steps for each doubling, from 1 µs to over an hour: a figure is right to within a quarter. */
const STEPS = 128;

export interface TurnSummary {
  readonly turns: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How long the turns of a loop have taken: whatever becomes ready meanwhile waits for so long. Noting one allocates nothing. */
export class TurnTimes {
  readonly #counts = new Float64Array(STEPS);
  #turns = 0;
  #maxMs = 0;

  note(ms: number): void {
    const us = ms * 1_000;
    // Whole numbers of 31 bits, for the sake of clz32.
    const whole = us < 1 ? 1 : us > 0x7fff_ffff ? 0x7fff_ffff : us | 0;
    const doubling = 31 - Math.clz32(whole);
    const quarter = doubling < 2 ? 0 : (whole >> (doubling - 2)) & 3;
    this.#counts[doubling * 4 + quarter]! += 1;
    this.#turns += 1;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  get summary(): TurnSummary {
    return {
      turns: this.#turns,
      p50Ms: this.#quantile(0.5),
      p99Ms: this.#quantile(0.99),
      maxMs: round(this.#maxMs),
    };
  }

  /** The upper end of the step in which it lies. */
  #quantile(part: number): number {
    if (this.#turns === 0) return 0;
    let left = this.#turns * part;
    let step = 0;
    for (; step < STEPS - 1; step += 1) {
      left -= this.#counts[step] ?? 0;
      if (left <= 0) break;
    }
    const doubling = step >> 2;
    const upperUs = doubling < 2 ? 2 ** (doubling + 1) : 2 ** (doubling - 2) * (5 + (step & 3));
    return round(Math.min(upperUs / 1_000, this.#maxMs));
  }
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
