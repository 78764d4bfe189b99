const REASONS: Readonly<Record<string, string>> = {
  history: 'the beginning of its output is no longer kept',
  skimmed: 'there was too much output at once',
  crash: 'the daemon crashed, and some bytes may be missing',
  size: 'not all sizes that the terminal had are taken into account',
  unrepresented: 'it was in a state that can not be saved',
  emulator: 'this build has an emulator that it does not know',
};

/** One line about a screen that may differ from what a terminal shows that was always there. */
export function incompleteLine(reasons: readonly string[]): string | undefined {
  if (reasons.length === 0) return undefined;
  const why = reasons.map((reason) => REASONS[reason] ?? reason).join('; ');
  return `holdfast: the screen may be incomplete: ${why}`;
}
