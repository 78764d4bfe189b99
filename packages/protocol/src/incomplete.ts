/** What `incomplete` of a screen has, in words. */
const REASONS: Readonly<Record<string, string>> = {
  history: 'the beginning of its output is no longer kept',
  skimmed: 'there was too much output at once',
  crash: 'the daemon crashed, and some bytes may be missing',
  size: 'not all sizes that the terminal had are taken into account',
  unrepresented: 'it was in a state that can not be saved',
  emulator: 'this build has an emulator that it does not know',
  unavailable: 'the daemon could not make it',
};

/** Why a screen may differ from what a terminal shows that was always there, for people. */
export function whyIncomplete(reasons: readonly string[]): string {
  return reasons.map((reason) => REASONS[reason] ?? reason).join('; ');
}
