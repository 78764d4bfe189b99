import { usageError } from './usage-error.ts';

/** Size of a terminal: the session has one of its own, and programs would believe these instead. */
const STALE = new Set(['COLUMNS', 'LINES', 'HOLDFAST_SESSION']);
const DEFAULT_TERM = 'xterm-256color';

/** The environment of a new session's program: the client's own, less what is not true in there, plus `--env`. */
export function sessionEnvironment(
  own: NodeJS.ProcessEnv,
  assignments: readonly string[],
): Record<string, string> {
  const env: Record<string, string> = { TERM: DEFAULT_TERM };
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined || STALE.has(name) || name.startsWith('HOLDFAST_TEST_')) continue;
    if (name === 'TERM' && value === '') continue;
    env[name] = value;
  }
  for (const assignment of assignments) {
    const split = assignment.indexOf('=');
    if (split < 1) throw usageError(`--env must be NAME=VALUE, not "${assignment}"`);
    env[assignment.slice(0, split)] = assignment.slice(split + 1);
  }
  return env;
}
