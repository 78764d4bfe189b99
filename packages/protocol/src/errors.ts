/**
 * Every error code that crosses the wire. `retry` says whether the same request can succeed later without
 * anything being changed by the caller. docs/protocol.md lists the same codes; a test keeps both equal.
 */
export const ERRORS = {
  E_PROTOCOL: {
    retry: false,
    means: 'a frame or message that this protocol does not allow; the connection is closed',
  },
  E_VERSION: { retry: false, means: 'client and daemon have no protocol version in common' },
  E_BAD_REQUEST: { retry: false, means: 'a parameter is missing, of the wrong type, or out of its range' },
  E_UNKNOWN_REQUEST: { retry: false, means: 'this daemon has no request of that type' },
  E_LIMIT: { retry: true, means: 'a limit was reached; the message names it' },
  E_FORBIDDEN: { retry: false, means: 'this connection, or these credentials, may not do that' },
  E_NO_SESSION: { retry: false, means: 'no session has that id or name' },
  E_AMBIGUOUS: { retry: false, means: 'the given prefix fits several sessions' },
  E_NAME_TAKEN: { retry: false, means: 'another session has that name' },
  E_BAD_NAME: { retry: false, means: 'not usable as a session name' },
  E_CANCELLED: { retry: false, means: 'the client has said that it does not wait for this any more' },
  E_EXITED: { retry: false, means: 'the session has exited' },
  E_RUNNING: { retry: false, means: 'the session is still running' },
  E_OFFSET: { retry: false, means: 'the offset lies beyond the end of the output' },
  E_INPUT_GAP: { retry: false, means: 'numbered input skips bytes or overruns the window' },
  E_INPUT_UNKNOWN: {
    retry: false,
    means: 'whether these bytes of input reached the program cannot be known',
  },
  E_CWD: { retry: false, means: 'the working folder does not exist or cannot be entered' },
  E_COMMAND_NOT_FOUND: { retry: false, means: 'the command does not exist' },
  E_COMMAND_NOT_EXECUTABLE: {
    retry: false,
    means: 'the command exists, but is not a program that may be run',
  },
  E_SPAWN: { retry: true, means: 'the program could not be started' },
  E_NO_PTY: { retry: true, means: 'the system has no pseudo-terminal left' },
  E_NO_DESCRIPTORS: { retry: true, means: 'the daemon or the system has no file descriptor left' },
  E_DISK: { retry: true, means: "the session's files could not be created" },
  E_SELF: { retry: false, means: 'a session cannot be attached to itself' },
  E_UPGRADE_BUSY: { retry: true, means: 'an upgrade to something else is under way' },
  E_UPGRADE_START: {
    retry: false,
    means: 'the successor could not be started, or ended before it was ready',
  },
  E_UPGRADE_UNEXPECTED: {
    retry: false,
    means: 'what was started is not the version and build that was asked for',
  },
  E_UPGRADE_UNREADABLE: {
    retry: false,
    means: 'the successor cannot read what this daemon hands over, or speak with its clients',
  },
  E_UPGRADE_TIMEOUT: { retry: true, means: 'the successor did not get ready, or did not take over, in time' },
  E_UPGRADE_REFUSED: { retry: true, means: 'the successor could not take over' },
  E_STOPPING: { retry: true, means: 'the daemon is stopping' },
  E_TIMEOUT: { retry: true, means: 'no answer came in time' },
  E_DISCONNECTED: { retry: true, means: 'the connection to the daemon was lost' },
  E_NO_DAEMON: { retry: true, means: 'no daemon is running, or none could be reached' },
  E_HELD: {
    retry: false,
    means: 'daemons died too often, and the keeper starts none until it is told to; programs run on',
  },
  E_DAEMON_START: { retry: true, means: 'the daemon could not be started' },
  E_USAGE: { retry: false, means: 'wrong usage of the command line' },
  E_INTERNAL: { retry: false, means: 'a fault in Holdfast itself; the log has more' },
} as const satisfies Record<string, { retry: boolean; means: string }>;

/** One of the codes of `ERRORS`. */
export type ErrorCode = keyof typeof ERRORS;

/** True for a code of this build's table; a newer peer may send others. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** An expected failure with a stable code: what could not be done, and why. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  /** What to go by; the message is for people. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Whether the same request can succeed later without anything being changed by the caller. */
  get retry(): boolean {
    return ERRORS[this.code].retry;
  }
}
