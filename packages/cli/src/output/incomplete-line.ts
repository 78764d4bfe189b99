import { whyIncomplete } from '@holdfast/protocol';

/** One line about a screen that may differ from what a terminal shows that was always there. */
export function incompleteLine(reasons: readonly string[]): string | undefined {
  if (reasons.length === 0) return undefined;
  return `holdfast: the screen may be incomplete: ${whyIncomplete(reasons)}`;
}
