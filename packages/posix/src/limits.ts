import { check } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS, platform } from './platform.ts';

const RLIMIT_BYTES = 16;

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
