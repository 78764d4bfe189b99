import path from 'node:path';
import { isTerminal, openFilesSoftLimit } from '@holdfast/posix';
import { HoldfastError, LIMITS, type OpenParameters } from '@holdfast/protocol';
import { viewport } from '../terminal/viewport.ts';
import { parseChoice } from './choice.ts';
import { sessionEnvironment } from './environment.ts';
import { parseBytes, parseSize } from './numbers.ts';

/** What `new` and `run` were told about the session to open. */
export interface OpenChoices {
  readonly name: string | undefined;
  readonly cwd: string | undefined;
  readonly env: readonly string[];
  readonly size: string | undefined;
  readonly history: string | undefined;
  readonly 'history-in': string | undefined;
}

/** What a program starts with that is not chosen. */
export interface StartPlace {
  readonly env: NodeJS.ProcessEnv;
  /** The folder; it may be gone, which does not matter to who chooses another. Throws HoldfastError(E_CWD). */
  readonly cwd: () => string;
  readonly umask: number;
  readonly openFilesLimit: number | undefined;
}

/** That of this process. */
export function startsHere(env: NodeJS.ProcessEnv): StartPlace {
  // Node has raised its own limit; the shell that started it has the one of a login terminal.
  return {
    env,
    cwd: currentFolder,
    umask: process.umask(),
    openFilesLimit: openFilesSoftLimit(process.ppid),
  };
}

/** The request that opens a session. Throws HoldfastError(E_USAGE). */
export function openRequest(
  choices: OpenChoices,
  program: readonly string[],
  { env, cwd: here, umask, openFilesLimit }: StartPlace,
): OpenParameters {
  const historyBounds = { min: LIMITS.historyBytesMin, max: LIMITS.historyBytesMax };
  const { name, cwd, size, history, 'history-in': historyIn } = choices;
  return {
    command: [...program],
    cwd: cwd !== undefined && path.isAbsolute(cwd) ? cwd : path.resolve(here(), cwd ?? '.'),
    env: sessionEnvironment(env, choices.env),
    umask,
    ...(size === undefined ? terminalSize() : parseSize('--size', size)),
    ...(name === undefined ? {} : { name }),
    ...(history === undefined ? {} : { historyBytes: parseBytes('--history', history, historyBounds) }),
    ...(historyIn === undefined
      ? {}
      : { historyIn: parseChoice('--history-in', historyIn, ['disk', 'memory']) }),
    ...(openFilesLimit === undefined ? {} : { openFilesLimit }),
  };
}

/** The size of the terminal this process runs in; 80x24 without one. */
function terminalSize(): { cols: number; rows: number } {
  const fd = [1, 0, 2].find(isTerminal);
  return fd === undefined ? { cols: 80, rows: 24 } : viewport(fd);
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new HoldfastError('E_CWD', 'the current folder is gone', { cause });
  }
}
