/** One line about bytes that do not come. */
export function gapLine({
  from,
  to,
  reason,
}: {
  from: number;
  to: number;
  reason: 'evicted' | 'crash';
}): string {
  if (reason === 'crash') {
    return `holdfast: gap: at byte ${from}, up to ${to - from} bytes may be missing (the daemon crashed)`;
  }
  return `holdfast: gap: bytes ${from}–${to - 1} are not available (no longer in the history)`;
}
