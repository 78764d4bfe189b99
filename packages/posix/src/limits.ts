import { close, duplicate } from './descriptors.ts';
import { check, isErrno } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS, platform } from './platform.ts';

const RLIMIT_BYTES = 16;
/** Descriptors that other threads may open in one moment: libuv's pool has four threads by default. */
const OPENED_AT_ONCE = 16;

/** Soft limit of open files of a process (`process.pid` for one's own); undefined if that can't be known. */
export function openFilesSoftLimit(pid: number): number | undefined {
  const limit = Buffer.alloc(RLIMIT_BYTES);
  const failed = isMacOS
    ? pid !== process.pid || libc.getrlimit(platform.limits.openFiles, limit) !== 0
    : libc.prlimit(pid, platform.limits.openFiles, null, limit) !== 0;
  if (failed) return undefined;
  const soft = limit.readBigUInt64LE(0);
  return soft > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(soft);
}

/**
 * Starts a child that has this soft limit of open files; the hard limit stays. It inherits our own, lowered for the moment,
 * but never below what other threads need to open a file meanwhile; if that is more, the child is cut down right after.
 */
export function startWithOpenFilesLimit(soft: number | undefined, start: () => number): number {
  if (soft === undefined) return start();
  const needed = roomForOthers();
  const pid = withOpenFilesSoftLimit(Math.max(soft, needed), start);
  if (needed > soft && !isMacOS) {
    const limit = Buffer.alloc(RLIMIT_BYTES);
    // It fails if the child has ended already.
    if (libc.prlimit(pid, platform.limits.openFiles, null, limit) === 0) {
      limit.writeBigUInt64LE(BigInt(soft), 0);
      libc.prlimit(pid, platform.limits.openFiles, limit, null);
    }
  }
  return pid;
}

/** The lowest limit that lets OPENED_AT_ONCE more descriptors be opened: new ones take the lowest free numbers. */
function roomForOthers(): number {
  const tried: number[] = [];
  try {
    while (tried.length < OPENED_AT_ONCE) tried.push(duplicate(0));
  } catch (error) {
    if (!isErrno(error, 'EMFILE', 'ENFILE')) throw error;
  } finally {
    for (const fd of tried) close(fd);
  }
  return Math.max(0, ...tried) + 1;
}

/**
 * Runs `action` while one's own soft limit of open files is `soft`, as a child that is started inherits it. Nothing may be
 * opened meanwhile: it would fail with EMFILE. A limit above the hard one is cut to that.
 */
export function withOpenFilesSoftLimit<T>(soft: number | undefined, action: () => T): T {
  if (soft === undefined) return action();
  const before = Buffer.alloc(RLIMIT_BYTES);
  check(libc.getrlimit(platform.limits.openFiles, before), 'getrlimit');
  const hard = before.readBigUInt64LE(8);
  const wanted = Buffer.from(before);
  wanted.writeBigUInt64LE(BigInt(soft) < hard ? BigInt(soft) : hard, 0);
  check(libc.setrlimit(platform.limits.openFiles, wanted), 'setrlimit');
  try {
    return action();
  } finally {
    check(libc.setrlimit(platform.limits.openFiles, before), 'setrlimit');
  }
}
