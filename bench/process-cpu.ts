import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used of the processor since it began, all its threads together. */
export interface ProcessCpu {
  readonly ms: number;
  /** Times that a thread was put on a processor. */
  readonly runs: number;
}

/** Reads /proc/PID/task/TID/schedstat (Linux only): nanoseconds run, nanoseconds waited, times run. */
export function processCpu(pid: number): ProcessCpu {
  let ns = 0;
  let runs = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [ran = 0, , times = 0] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')
      .trim()
      .split(' ')
      .map(Number);
    ns += ran;
    runs += times;
  }
  return { ms: ns / 1e6, runs };
}
