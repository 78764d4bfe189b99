import type { HistoryEntry } from '../api/household.ts';
import { count, timeOf } from '../sessions/describe.ts';
import { pauseText } from './updates.ts';

/** The newest ones; more would be too thin to be seen on a phone. */
const BARS_MAX = 40;
const STEP = 10;
const BAR_WIDTH = 6;
const HEIGHT = 48;
/** So that a pause of nothing is to be seen. */
const LEAST = 2;

/** For how long output paused at each update, oldest first; the list beneath says the same in words. */
export function PauseChart({ entries }: { readonly entries: readonly HistoryEntry[] }) {
  const pauses = entries
    .flatMap(({ at, pauseMs }) => (pauseMs === null ? [] : [{ at, pauseMs }]))
    .slice(0, BARS_MAX)
    .toReversed();
  // One says nothing that the list doesn't.
  if (pauses.length < 2) return null;
  const sorted = pauses.map(({ pauseMs }) => pauseMs).toSorted((a, b) => a - b);
  const longest = sorted.at(-1) ?? 0;
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const said = `Pauses of the last ${count(pauses.length, 'update')}: half of them up to ${pauseText(median)}, the longest ${pauseText(longest)}`;
  return (
    <figure className="px-5 pb-4">
      <svg
        role="img"
        aria-label={said}
        viewBox={`0 0 ${BARS_MAX * STEP} ${HEIGHT}`}
        preserveAspectRatio="xMinYMax meet"
        className="h-14 w-full border-b border-line text-accent"
      >
        {pauses.map(({ at, pauseMs }, index) => {
          const height = Math.max(LEAST, (pauseMs / Math.max(longest, 1)) * (HEIGHT - 4));
          return (
            <rect
              key={`${at} ${index}`}
              x={index * STEP}
              y={HEIGHT - height}
              width={BAR_WIDTH}
              height={height}
              rx="1"
              fill="currentColor"
            >
              <title>{`${timeOf(at)}: ${pauseText(pauseMs)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className="pt-1 text-xs text-muted">{said}.</figcaption>
    </figure>
  );
}
