import { usageError } from './usage-error.ts';

/** Compiles the expression of `--output`; `^` and `$` stand for the ends of lines. Throws HoldfastError(E_USAGE). */
export function parseExpression(what: string, text: string): RegExp {
  try {
    return new RegExp(text, 'gm');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${what} is not a regular expression: ${reason}`);
  }
}
