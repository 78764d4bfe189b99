import fs from 'node:fs';
import { PosixError } from './errors.ts';
import { libc } from './libc.ts';
import { startWithOpenFilesLimit } from './limits.ts';
import { posixSpawn, type ProgramStart, succeed } from './posix-spawn.ts';

export interface SpawnOptions extends ProgramStart {
  /** Terminal to become the controlling one and descriptors 0, 1 and 2. */
  readonly slavePath: string;
  readonly umask: number | undefined;
  /** Soft limit of open files. The hard limit stays. */
  readonly openFilesLimit: number | undefined;
}

/**
 * Starts a program as leader of a new session on a pseudo-terminal. The kernel makes the terminal the controlling one
 * since a session leader without one *opens* it. Returns the pid.
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
  const describe = (fileActions: Buffer) => {
    succeed(
      libc.fileActionsOpen(fileActions, 0, options.slavePath, fs.constants.O_RDWR, 0),
      'posix_spawn_file_actions_addopen',
    );
    succeed(libc.fileActionsDup2(fileActions, 0, 1), 'posix_spawn_file_actions_adddup2');
    succeed(libc.fileActionsDup2(fileActions, 0, 2), 'posix_spawn_file_actions_adddup2');
    // Whatever we were started with and did not open ourselves may not be close-on-exec.
    libc.fileActionsCloseFrom?.(fileActions, 3);
  };
  return withUmask(options.umask, () =>
    startWithOpenFilesLimit(options.openFilesLimit, () => posixSpawn(options, describe)),
  );
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
