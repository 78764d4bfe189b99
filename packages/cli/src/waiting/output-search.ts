import { usageError } from '../arguments/usage-error.ts';
import { BoundedExpression } from './bounded-expression.ts';

/** Characters of earlier output in which a match may begin: bounds memory, and the cost of each search. */
export const OVERLAP_CHARACTERS = 64 * 1024;

/** Compiles the expression of `--output`; `^` and `$` stand for the ends of lines. Throws HoldfastError(E_USAGE). */
export function parseExpression(what: string, text: string): RegExp {
  try {
    return new RegExp(text, 'gm');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${what} is not a regular expression: ${reason}`);
  }
}

/** Looks for an expression in output that arrives in pieces; a match may straddle them. */
export class OutputSearch {
  readonly #test: (text: string, from: number) => boolean;
  readonly #decoder = new TextDecoder('utf-8');
  #text = '';
  /** Where searching begins: behind the one character that `^`, `\b` and look-behinds may ask for. */
  #from = 0;

  /** The expression must have the flag `g`. At `deadlineMs`, on the clock of `performance.now()`, nothing is found any more. */
  constructor(expression: RegExp, deadlineMs?: number) {
    if (deadlineMs === undefined) {
      this.#test = (text, from) => {
        expression.lastIndex = from;
        return expression.test(text);
      };
    } else {
      const bounded = new BoundedExpression(expression, deadlineMs);
      this.#test = (text, from) => bounded.test(text, from);
    }
  }

  /** Whether a text that is none of the output has a match. */
  matches(text: string): boolean {
    return this.#test(text, 0);
  }

  /** True if the output up to and with these bytes has a match. */
  push(bytes: Uint8Array): boolean {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    if (this.#test(this.#text, this.#from)) return true;
    const excess = this.#text.length - OVERLAP_CHARACTERS;
    if (excess > 1) {
      this.#text = this.#text.slice(excess - 1);
      this.#from = 1;
    }
    return false;
  }
}
