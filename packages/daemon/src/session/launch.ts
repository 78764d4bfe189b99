import fs from 'node:fs/promises';
import { constants } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  close,
  isErrno,
  openFilesSoftLimit,
  openPty,
  PosixError,
  type Pty,
  spawnOnTerminal,
  type TerminalSize,
} from '@holdfast/posix';
import { HoldfastError, type OpenParameters } from '@holdfast/protocol';

export interface Launched {
  readonly pid: number;
  readonly master: number;
  readonly slavePath: string;
  /** Of a program that a predecessor has started: null = it had none. */
  readonly pidfd?: number | null;
}

/** A program that was found and may be run. */
export interface Program {
  readonly file: string;
  /** As shown to people: the command as given. */
  readonly command: readonly string[];
  readonly argv: readonly string[];
}

/** Descriptors that sessions leave free: for people who connect to end some, and for finding what is to be ended. */
const RESERVED_DESCRIPTORS = 16;

/** Where a login shell looks when the environment has no PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';

/**
 * Finds the program of an `open` request as a shell in that folder would; an empty command means the user's login shell.
 * Throws HoldfastError: E_CWD, E_COMMAND_NOT_FOUND, E_COMMAND_NOT_EXECUTABLE.
 */
export async function findProgram({ command, cwd, env }: OpenParameters): Promise<Program> {
  await checkFolder(cwd);
  const [name, ...rest] = command;
  if (name === undefined) {
    const shell = env.SHELL || loginShell();
    const file = await findExecutable(shell, { cwd, env });
    // The leading dash asks for a login shell.
    return { file, command: [shell], argv: [`-${path.basename(shell)}`] };
  }
  const file = await findExecutable(name, { cwd, env });
  return { file, command, argv: [name, ...rest] };
}

/** Starts it on a new pseudo-terminal. Throws HoldfastError: E_NO_PTY, E_NO_DESCRIPTORS, E_SPAWN. */
export function launch(
  program: Program,
  request: OpenParameters & { env: Record<string, string> },
): Launched {
  const pty = openTerminal({ cols: request.cols, rows: request.rows });
  try {
    const pid = spawnOnTerminal({
      file: program.file,
      argv: program.argv,
      cwd: request.cwd,
      env: request.env,
      slavePath: pty.slavePath,
      umask: request.umask,
      openFilesLimit: request.openFilesLimit,
    });
    return { pid, ...pty };
  } catch (cause) {
    close(pty.master);
    throw spawnError(program.file, cause);
  }
}

function openTerminal(size: TerminalSize): Pty {
  let pty: Pty;
  try {
    pty = openPty(size);
  } catch (cause) {
    throw ptyError(cause);
  }
  // A new descriptor is the lowest free one: all below it are in use.
  const limit = openFilesSoftLimit(process.pid) ?? Number.POSITIVE_INFINITY;
  if (pty.master < limit - RESERVED_DESCRIPTORS) return pty;
  close(pty.master);
  throw noDescriptors();
}

function noDescriptors(cause?: unknown): HoldfastError {
  return new HoldfastError('E_NO_DESCRIPTORS', 'no file descriptor is left for another session', { cause });
}

function loginShell(): string {
  try {
    return os.userInfo().shell || '/bin/sh';
  } catch {
    // ENOENT: a user without an entry in the password file, as in many containers.
    return '/bin/sh';
  }
}

async function checkFolder(cwd: string): Promise<void> {
  if (!path.isAbsolute(cwd)) throw new HoldfastError('E_CWD', `the folder must be absolute: ${cwd}`);
  try {
    if (!(await fs.stat(cwd)).isDirectory()) throw new HoldfastError('E_CWD', `not a folder: ${cwd}`);
    await fs.access(cwd, constants.X_OK);
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    const why = isErrno(cause, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')
      ? 'no such folder'
      : isErrno(cause, 'EACCES')
        ? 'no permission to enter'
        : String(cause);
    throw new HoldfastError('E_CWD', `${why}: ${cwd}`, { cause });
  }
}

async function findExecutable(
  name: string,
  where: { cwd: string; env: Record<string, string> },
): Promise<string> {
  if (name === '') throw new HoldfastError('E_COMMAND_NOT_FOUND', 'the command is an empty string');
  if (name.includes('/')) {
    const file = path.resolve(where.cwd, name);
    const problem = await whyNotExecutable(file);
    if (problem) throw new HoldfastError(problem.code, `${problem.why}: ${name}`);
    return file;
  }
  let found: Problem | undefined;
  for (const folder of (where.env.PATH ?? DEFAULT_PATH).split(':')) {
    const file = path.resolve(where.cwd, folder, name);
    const problem = await whyNotExecutable(file);
    if (!problem) return file;
    if (problem.code !== 'E_COMMAND_NOT_FOUND') found ??= { ...problem, why: `${problem.why}: ${file}` };
  }
  if (found) throw new HoldfastError(found.code, found.why);
  throw new HoldfastError('E_COMMAND_NOT_FOUND', `no such command in PATH: ${name}`);
}

interface Problem {
  readonly code: 'E_COMMAND_NOT_FOUND' | 'E_COMMAND_NOT_EXECUTABLE';
  readonly why: string;
}

async function whyNotExecutable(file: string): Promise<Problem | undefined> {
  try {
    const stat = await fs.stat(file);
    if (stat.isDirectory()) return { code: 'E_COMMAND_NOT_EXECUTABLE', why: 'a folder is not a command' };
    if (!stat.isFile()) return { code: 'E_COMMAND_NOT_EXECUTABLE', why: 'not a program' };
    await fs.access(file, constants.X_OK);
    return undefined;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG'))
      return { code: 'E_COMMAND_NOT_FOUND', why: 'no such command' };
    const why = isErrno(error, 'ELOOP') ? 'a symbolic link that leads nowhere' : 'no permission to run';
    return { code: 'E_COMMAND_NOT_EXECUTABLE', why };
  }
}

function ptyError(cause: unknown): unknown {
  if (isErrno(cause, 'EMFILE', 'ENFILE')) {
    return noDescriptors(cause);
  }
  if (isErrno(cause, 'ENOSPC', 'EAGAIN', 'EIO', 'ENXIO', 'ENOENT')) {
    const why = 'the system has no pseudo-terminal left (Linux: see kernel.pty.max)';
    return new HoldfastError('E_NO_PTY', why, { cause });
  }
  return cause;
}

/** What the kernel's errors mean here, where that is not what their names say. */
const SPAWN_ERRORS: Record<string, string> = {
  E2BIG: 'command and environment are too long',
  EAGAIN: 'no more processes may be started',
  // The file itself was found.
  ENOENT: 'its interpreter does not exist',
};

function spawnError(file: string, cause: unknown): unknown {
  if (!(cause instanceof PosixError)) return cause;
  return new HoldfastError('E_SPAWN', `${file}: ${SPAWN_ERRORS[cause.code] ?? cause.message}`, { cause });
}
