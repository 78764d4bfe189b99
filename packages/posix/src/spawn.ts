import fs from 'node:fs';
import os from 'node:os';
import { PosixError } from './errors.ts';
import { libc } from './libc.ts';
import { startWithOpenFilesLimit } from './limits.ts';
import { platform } from './platform.ts';

export interface SpawnOptions {
  /** Absolute path of the program. */
  readonly file: string;
  /** The argument vector, argv[0] included. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Terminal to become the controlling one and descriptors 0, 1 and 2. */
  readonly slavePath: string;
  readonly umask: number | undefined;
  /** Soft limit of open files. The hard limit stays. */
  readonly openFilesLimit: number | undefined;
}

/** Larger than the opaque structs of glibc (80, 336, 128), musl and macOS (8, 8, 4). */
const OPAQUE_BYTES = 1024;

/**
 * Starts a program as leader of a new session on a pseudo-terminal, with all signals at their defaults and none blocked.
 * The kernel makes the terminal the controlling one since a session leader without one *opens* it. Returns the pid.
 * Throws PosixError: ENOENT, EACCES, ENOEXEC, E2BIG, EAGAIN, ENOMEM…
 */
export function spawnOnTerminal(options: SpawnOptions): number {
  try {
    return spawnOnce(options);
  } catch (error) {
    // A script without "#!": POSIX shells run it by sh, so does execvp.
    if (!(error instanceof PosixError) || error.code !== 'ENOEXEC') throw error;
    const argv = ['sh', options.file, ...options.argv.slice(1)];
    return spawnOnce({ ...options, file: '/bin/sh', argv });
  }
}

function spawnOnce(options: SpawnOptions): number {
  const fileActions = Buffer.alloc(OPAQUE_BYTES);
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  succeed(libc.fileActionsInit(fileActions), 'posix_spawn_file_actions_init');
  succeed(libc.spawnAttributesInit(attributes), 'posix_spawnattr_init');
  try {
    succeed(
      libc.fileActionsOpen(fileActions, 0, options.slavePath, fs.constants.O_RDWR, 0),
      'posix_spawn_file_actions_addopen',
    );
    succeed(libc.fileActionsDup2(fileActions, 0, 1), 'posix_spawn_file_actions_adddup2');
    succeed(libc.fileActionsDup2(fileActions, 0, 2), 'posix_spawn_file_actions_adddup2');
    // Whatever we were started with and did not open ourselves may not be close-on-exec.
    libc.fileActionsCloseFrom?.(fileActions, 3);
    succeed(libc.fileActionsChdir(fileActions, options.cwd), 'posix_spawn_file_actions_addchdir_np');
    setAttributes(attributes);
    return withUmask(options.umask, () =>
      startWithOpenFilesLimit(options.openFilesLimit, () => callSpawn(options, fileActions, attributes)),
    );
  } finally {
    libc.fileActionsDestroy(fileActions);
    libc.spawnAttributesDestroy(attributes);
  }
}

function setAttributes(attributes: Buffer): void {
  const { setSid, setSigDefault, setSigMask } = platform.spawn;
  succeed(
    libc.spawnAttributesFlags(attributes, setSid | setSigDefault | setSigMask),
    'posix_spawnattr_setflags',
  );
  // Not sigfillset: it leaves out the two signals that glibc keeps for itself, and a child would start with them ignored.
  const all = Buffer.alloc(OPAQUE_BYTES, 0xff);
  const none = Buffer.alloc(OPAQUE_BYTES);
  succeed(libc.spawnAttributesSigDefault(attributes, all), 'posix_spawnattr_setsigdefault');
  succeed(libc.spawnAttributesSigMask(attributes, none), 'posix_spawnattr_setsigmask');
}

function callSpawn(options: SpawnOptions, fileActions: Buffer, attributes: Buffer): number {
  const pid = Buffer.alloc(4);
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const argv = [...options.argv, null];
  succeed(
    libc.spawn(pid, options.file, fileActions, attributes, argv, [...env, null]),
    'posix_spawn',
    options.file,
  );
  return pid.readInt32LE(0);
}

/** posix_spawn and its family return the error number instead of setting errno. */
function succeed(result: number, syscall: string, about?: string): void {
  if (result !== 0) throw new PosixError(syscall, Math.abs(result) || os.constants.errno.EIO, about);
}

function withUmask<T>(umask: number | undefined, action: () => T): T {
  if (umask === undefined) return action();
  const before = libc.umask(umask);
  try {
    return action();
  } finally {
    libc.umask(before);
  }
}
