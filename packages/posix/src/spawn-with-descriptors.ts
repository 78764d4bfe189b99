import { close } from './descriptors.ts';
import { check } from './errors.ts';
import { libc } from './libc.ts';
import { platform } from './platform.ts';
import { posixSpawn, type ProgramStart, succeed } from './posix-spawn.ts';

/**
 * Starts a program in a session of its own with exactly these descriptors: the first becomes its 0, the next its 1 and so
 * on; nothing else is open in it. The given ones stay open here. Returns the pid. Throws PosixError.
 */
export function spawnWithDescriptors(start: ProgramStart, descriptors: readonly number[]): number {
  const copies: number[] = [];
  try {
    // Copied beyond the numbers that are to be filled: a source must not be overwritten before it is used.
    for (const fd of descriptors) {
      copies.push(check(libc.fcntl(fd, platform.fcntl.dupCloexec, 'int', descriptors.length), 'fcntl'));
    }
    return posixSpawn(start, (fileActions) => {
      copies.forEach((copy, target) => {
        succeed(libc.fileActionsDup2(fileActions, copy, target), 'posix_spawn_file_actions_adddup2');
      });
      libc.fileActionsCloseFrom?.(fileActions, descriptors.length);
    });
  } finally {
    copies.forEach(close);
  }
}
