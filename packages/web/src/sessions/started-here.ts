const started = new Set<string>();

/** This page has started it, and shows it next. */
export function noteStarted(session: string): void {
  started.add(session);
}

/** Whether this page has started it and not shown it yet: then it is shown all that was printed, pictures too, which no screen has. */
export function takeStarted(session: string): boolean {
  return started.delete(session);
}
