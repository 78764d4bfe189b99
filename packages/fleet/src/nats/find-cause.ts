/** An error of that class, or the one of that class that has caused it. */
export function findCause<T extends Error>(
  error: unknown,
  kind: new (...parameters: never[]) => T,
): T | undefined {
  if (error instanceof kind) return error;
  return error instanceof Error && error.cause !== undefined ? findCause(error.cause, kind) : undefined;
}
