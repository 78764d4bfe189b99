/** A daemon that dies sooner than this after it was ready counts as one that could not start. */
const LIVED_MS = 2_000;
/**
 * Before the next start, by the failures in a row: the first is at once, and a machine in trouble gets a moment. With a third
 * failure there is none: what fails three times fails a fourth time, too.
 */
const PAUSES_MS = [0, 100, 400] as const;

/** Failures in a row after the death of a daemon that had been ready for `readyForMs`; undefined = it never was. */
export function failuresAfter(failures: number, readyForMs: number | undefined): number {
  return readyForMs === undefined || readyForMs < LIVED_MS ? failures + 1 : 0;
}

/** How long to wait before the next start, in milliseconds; `hold` = start none any more. */
export function pauseAfter(failures: number): number | 'hold' {
  return PAUSES_MS[failures] ?? 'hold';
}
