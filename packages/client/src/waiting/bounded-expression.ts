import vm from 'node:vm';

const SCRIPT = 'expression.lastIndex = from; expression.exec(text)';

/**
 * Searches texts for an expression until a moment has come. One call may backtrack for hours, in which no timer of this
 * thread goes off: only V8's own watchdog ends it.
 */
export class BoundedExpression {
  readonly #scope: { expression: RegExp; text: string; from: number };
  readonly #script = new vm.Script(SCRIPT);
  readonly #deadlineMs: number;

  /** The expression must have the flag `g`. `deadlineMs`: on the clock of `performance.now()`. */
  constructor(expression: RegExp, deadlineMs: number) {
    this.#scope = { expression, text: '', from: 0 };
    vm.createContext(this.#scope);
    this.#deadlineMs = deadlineMs;
  }

  /** The first match at or behind `from`; null, too, if that is not known when the moment has come. */
  exec(text: string, from: number): RegExpExecArray | null {
    const leftMs = Math.ceil(this.#deadlineMs - performance.now());
    if (leftMs <= 0) return null;
    Object.assign(this.#scope, { text, from });
    try {
      return this.#script.runInContext(this.#scope, { timeout: leftMs });
    } catch (error) {
      if (isTimeout(error)) return null;
      throw error;
    }
  }
}

/** The error is of the script's realm, and so no instance of this one's Error. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
