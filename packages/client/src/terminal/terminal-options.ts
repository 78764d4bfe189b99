import type { OpenParameters } from '@holdfast/protocol';

/** Anything that waits can be ended: it rejects with the signal's reason, and lets go of what it held. */
export interface Abortable {
  /** Whoever ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait at most. */
export interface Limited extends Abortable {
  /** Milliseconds; 30,000 by default, Infinity for no limit. Rejects with E_TIMEOUT when it is over. */
  readonly timeoutMs?: number | undefined;
}

/** How a program is started in a terminal of its own. */
export interface OpenTerminalOptions extends Abortable {
  /** Program and arguments; an empty list is the login shell, by `env.SHELL`. */
  readonly command: readonly string[];
  /** Folder to start in; by default that of this process. */
  readonly cwd?: string;
  /** The program's whole environment; by default that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** 1 to 64 characters, as no other session has; by default after the program. */
  readonly name?: string;
  /** Columns, 1 to 4,096; 80 by default. */
  readonly cols?: number;
  /** Rows, 1 to 4,096; 24 by default. */
  readonly rows?: number;
  /** Bytes of output that are kept: 65,536 to 1,073,741,824; 1,048,576 by default. */
  readonly historyBytes?: number;
  /** Keeps the program from running ahead of a reader that is about to come, for so long: 0 to 3,600,000 ms; 0 by default. */
  readonly leaseMs?: number;
  /** Whether it runs on when the terminal is disposed of; by default it is ended. */
  readonly keep?: boolean;
}

/** How a terminal that is there already is taken up. */
export interface FindTerminalOptions extends Abortable {
  /** Where `expect` begins: an offset in bytes; by default at the end of the output as it is now. */
  readonly from?: number;
}

/** Which part of the output is read; offsets are bytes since the session began. */
export interface ReadOptions extends Abortable {
  /** First byte: an offset, `start` (the oldest that is kept; by default), or `now`. */
  readonly from?: number | 'start' | 'now';
  /** Where to end; by default when the session has exited. */
  readonly to?: number;
  /** How long the program may be held back for whoever takes nothing: 0 to 3,600,000 ms; 5,000 by default. */
  readonly leaseMs?: number;
}

/** How output is searched. */
export interface ExpectOptions extends Limited {
  /** Where to look from: an offset in bytes; by default behind what the last `expect` has found. */
  readonly from?: number;
  /** Whether escape sequences are there for the expression; by default they are not. */
  readonly escapes?: boolean;
}

/** The request that opens a session as these options say. */
export function openParametersOf(options: OpenTerminalOptions): OpenParameters {
  const { command, cwd = process.cwd(), env = process.env, name, cols = 80, rows = 24 } = options;
  const { historyBytes, leaseMs } = options;
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    command: [...command],
    cwd,
    env: { TERM: 'xterm-256color', ...Object.fromEntries(defined) },
    cols,
    rows,
    umask: process.umask(),
    ...(name === undefined ? {} : { name }),
    ...(historyBytes === undefined ? {} : { historyBytes }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
  };
}
