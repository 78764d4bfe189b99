import vm from 'node:vm';
import { HoldfastError } from '@holdfast/protocol';

const SCRIPT = 'expression.lastIndex = from; expression.exec(text)';
/** V8's watchdog takes no longer time. */
const WATCHED_MS_MAX = 2 ** 31 - 1;

/**
 * Searches texts for an expression until a moment has come. One call may backtrack for hours, in which no timer of this
 * thread goes off: only V8's own watchdog ends it.
 */
export class BoundedExpression {
  readonly #scope: { expression: RegExp; text: string; from: number };
  readonly #script = new vm.Script(SCRIPT);
  readonly #deadlineMs: number;
  readonly #longestMs: number;

  /** The expression must have the flag `g`. `deadlineMs`: on the clock of `performance.now()`. `longestMs`: for one call. */
  constructor(expression: RegExp, bounds: { deadlineMs: number; longestMs?: number | undefined }) {
    this.#scope = { expression, text: '', from: 0 };
    vm.createContext(this.#scope);
    this.#deadlineMs = bounds.deadlineMs;
    this.#longestMs = bounds.longestMs ?? WATCHED_MS_MAX;
  }

  /**
   * The first match at or behind `from`; null, too, if that is not known when the moment has come. Throws E_BAD_REQUEST if it took
   * longer than one call may.
   */
  exec(text: string, from: number): RegExpExecArray | null {
    const leftMs = Math.ceil(this.#deadlineMs - performance.now());
    if (leftMs <= 0) return null;
    Object.assign(this.#scope, { text, from });
    try {
      return this.#script.runInContext(this.#scope, { timeout: Math.min(leftMs, this.#longestMs) });
    } catch (error) {
      if (!isTimeout(error)) throw error;
      if (leftMs <= this.#longestMs) return null;
      throw new HoldfastError(
        'E_BAD_REQUEST',
        `the search for ${String(this.#scope.expression)} was given up after ${this.#longestMs} ms: it backtracks`,
      );
    }
  }
}

/** The error is of the script's realm, and so no instance of this one's Error. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
