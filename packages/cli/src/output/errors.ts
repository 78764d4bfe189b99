import { type ErrorCode, HoldfastError } from '@holdfast/protocol';
import { exitCodeOf } from './exit-codes.ts';
import { printable } from './printable.ts';

/** An error in the form that is shown: `holdfast: what could not be done: why`. */
export interface Failure {
  readonly code: ErrorCode;
  readonly exitCode: number;
  /** One line, without `holdfast: `. */
  readonly message: string;
}

/** What to say about anything that was thrown. */
export function describeFailure(cannot: string, error: unknown): Failure {
  const { code, message } =
    error instanceof HoldfastError
      ? error
      : { code: 'E_INTERNAL' as const, message: error instanceof Error ? error.message : String(error) };
  // The part that says what failed may be in the message already, more exactly than the command's own.
  const whole = message.startsWith("can't ") ? message : `${cannot}: ${message}`;
  return { code, exitCode: exitCodeOf(code), message: printable(whole) };
}

/** The one document of a command that failed under `--json`. */
export function errorDocument({ code, message }: Failure) {
  return { error: { code, message } };
}

/** True for what comes of a reader that has gone, as `head` does. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
