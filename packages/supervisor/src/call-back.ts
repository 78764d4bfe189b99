/**
 * Calls a function of the program that embeds this. What it throws is no failure of what it is told of: it becomes a warning of
 * the process.
 */
export function callBack<T>(listener: (what: T) => void, what: T): void {
  try {
    listener(what);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }
}
