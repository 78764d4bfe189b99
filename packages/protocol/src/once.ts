/**
 * A value that is made when it is first asked for, and then kept. Schemas are: building all of them takes longer than most
 * commands do anything else, and a command uses three or four.
 */
export function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
