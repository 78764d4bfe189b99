/** Something that was measured at some time. */
export interface Sample {
  readonly ms: number;
  readonly value: number;
}

/** Beyond so many standard deviations lie 5 in 1,000 on each side. */
const CERTAIN_DEVIATIONS = 2.576;

/**
 * How fast a measure grows, for each millisecond: the median of the slopes between all pairs of samples (Theil and Sen), which a
 * few that are far off, as a garbage collector leaves them, do not move. 0 for fewer than two.
 */
export function slopeOf(samples: readonly Sample[]): number {
  return median(slopesOf(samples)) ?? 0;
}

/**
 * How fast a measure grows at least, with a certainty of 995 in 1,000: the lower end of Sen's interval around `slopeOf`. The more samples
 * scatter, and the fewer there are, the less it is. Of samples that do not scatter it is the slope.
 */
export function leastSlopeOf(samples: readonly Sample[]): number {
  const slopes = slopesOf(samples).toSorted((one, other) => one - other);
  const count = samples.length;
  const deviation = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18);
  const below = Math.floor((slopes.length - CERTAIN_DEVIATIONS * deviation) / 2);
  return slopes[Math.max(0, below)] ?? 0;
}

function slopesOf(samples: readonly Sample[]): number[] {
  return samples.flatMap((one, index) =>
    samples
      .slice(index + 1)
      .filter((other) => other.ms !== one.ms)
      .map((other) => (other.value - one.value) / (other.ms - one.ms)),
  );
}

/** The middle one, by value; the mean of the middle two of an even number. Undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
