/**
 * Asks for the names of all sessions, one a line; quiet and quick where there is no daemon. `where`: of which, as words of the
 * shell, such as `--host build1`.
 */
export function listNames(where = ''): string {
  return `holdfast ls --json ${where} 2>/dev/null | tr '{' '\\n' | sed -n 's/^"id":"[^"]*","name":"\\([^"]*\\)".*/\\1/p'`;
}

/** Asks for the names of the hosts of the fleet, one a line. */
export const LIST_HOSTS = `holdfast hosts --json 2>/dev/null | tr '{' '\\n' | sed -n 's/^"name":"\\([^"]*\\)","machine".*/\\1/p'`;
