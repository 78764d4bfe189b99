import { readFileSync } from 'node:fs';
import { STAT, statFields } from '@holdfast/posix/process-stat';

/**
 * When a process was started, for telling it from a later one with its pid: clock ticks since boot; undefined if it has ended, or on
 * a system without /proc. Loads no libc: every command asks.
 */
export function startTimeOf(pid: number): number | undefined {
  try {
    const startTime = Number(statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'))[STAT.startTime]);
    return startTime > 0 ? startTime : undefined;
  } catch {
    // ENOENT, ESRCH
    return undefined;
  }
}
