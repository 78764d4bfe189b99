import type { ErrorCode, Exit } from '@holdfast/protocol';
import { signalNumber } from '../arguments/signals.ts';

/** What the command line's own exit codes mean. A contract with scripts: never changed. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noSession: 3,
  noDaemon: 4,
  timedOut: 124,
  interrupted: 130,
  /** As after SIGPIPE. */
  unread: 141,
  statusLost: 255,
} as const;

const BY_ERROR: Partial<Record<ErrorCode, number>> = {
  E_USAGE: EXIT.usage,
  E_NO_SESSION: EXIT.noSession,
  E_AMBIGUOUS: EXIT.noSession,
  E_NO_DAEMON: EXIT.noDaemon,
  E_HELD: EXIT.noDaemon,
  E_DAEMON_START: EXIT.noDaemon,
  E_DISCONNECTED: EXIT.noDaemon,
  E_TIMEOUT: EXIT.timedOut,
};

/** The exit code for an error. */
export function exitCodeOf(code: ErrorCode): number {
  return BY_ERROR[code] ?? EXIT.failed;
}

/** The exit code of a command that passes on how a session's program ended. */
export function exitCodeOfSession(exit: Exit | null): number {
  if (exit && 'code' in exit) return exit.code;
  const number = exit && 'signal' in exit ? signalNumber(exit.signal) : undefined;
  return number === undefined ? EXIT.statusLost : 128 + number;
}
