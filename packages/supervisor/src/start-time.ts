import { readFileSync } from 'node:fs';

/** Its place among the fields of /proc/PID/stat that follow the command, which stands in parentheses. */
const START_TIME = 19;

/**
 * When a process was started, for telling it from a later one with its pid: clock ticks since boot; undefined if it has ended, or on
 * a system without /proc. Loads no libc: every command asks.
 */
export function startTimeOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const startTime = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME]);
    return startTime > 0 ? startTime : undefined;
  } catch {
    // ENOENT, ESRCH
    return undefined;
  }
}
