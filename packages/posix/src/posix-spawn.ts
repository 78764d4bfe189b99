import os from 'node:os';
import { PosixError } from './errors.ts';
import { libc } from './libc.ts';
import { platform } from './platform.ts';

/** What every start of a program says. */
export interface ProgramStart {
  /** Absolute path of the program. */
  readonly file: string;
  /** The argument vector, argv[0] included. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Larger than the opaque structs of glibc (80, 336, 128), musl and macOS (8, 8, 4). */
const OPAQUE_BYTES = 1024;

/**
 * Starts a program as leader of a new session, with all signals at their defaults and none blocked. `describe` adds the
 * file actions that give it its descriptors; close-on-exec ones are closed. Returns the pid. Throws PosixError.
 */
export function posixSpawn(start: ProgramStart, describe: (fileActions: Buffer) => void): number {
  const fileActions = Buffer.alloc(OPAQUE_BYTES);
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  succeed(libc.fileActionsInit(fileActions), 'posix_spawn_file_actions_init');
  succeed(libc.spawnAttributesInit(attributes), 'posix_spawnattr_init');
  try {
    describe(fileActions);
    succeed(libc.fileActionsChdir(fileActions, start.cwd), 'posix_spawn_file_actions_addchdir_np');
    setAttributes(attributes);
    const pid = Buffer.alloc(4);
    const env = Object.entries(start.env).map(([name, value]) => `${name}=${value}`);
    const argv = [...start.argv, null];
    succeed(
      libc.spawn(pid, start.file, fileActions, attributes, argv, [...env, null]),
      'posix_spawn',
      start.file,
    );
    return pid.readInt32LE(0);
  } finally {
    libc.fileActionsDestroy(fileActions);
    libc.spawnAttributesDestroy(attributes);
  }
}

/** posix_spawn and its family return the error number instead of setting errno. */
export function succeed(result: number, syscall: string, about?: string): void {
  if (result !== 0) throw new PosixError(syscall, Math.abs(result) || os.constants.errno.EIO, about);
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
