/** Asks for the names of all sessions, one a line; quiet and quick where there is no daemon. */
export const LIST_NAMES = `holdfast ls --json 2>/dev/null | tr '{' '\\n' | sed -n 's/^"id":"[^"]*","name":"\\([^"]*\\)".*/\\1/p'`;
