import { usageError } from './usage-error.ts';

/** One of a few words. */
export function parseChoice<const T extends string>(what: string, text: string, choices: readonly T[]): T {
  const chosen = choices.find((choice) => choice === text);
  if (chosen === undefined) throw usageError(`${what} must be ${choices.join(' or ')}, not "${text}"`);
  return chosen;
}
