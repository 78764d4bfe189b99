/** Something that was measured at some time. */
export interface Sample {
  readonly ms: number;
  readonly value: number;
}

/**
 * How fast a measure grows, for each millisecond: the median of the slopes between all pairs of samples (Theil and Sen), which a
 * few that are far off, as a garbage collector leaves them, do not move. 0 for fewer than two.
 */
export function slopeOf(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((one, index) =>
    samples
      .slice(index + 1)
      .filter((other) => other.ms !== one.ms)
      .map((other) => (other.value - one.value) / (other.ms - one.ms)),
  );
  return median(slopes) ?? 0;
}

/** The middle one, by value; the mean of the middle two of an even number. Undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
