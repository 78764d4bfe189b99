import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds that all threads of a process but its main one have run, by /proc/PID/task/TID/schedstat (Linux only). */
export function otherThreadsCpuMs(pid: number): number {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    if (Number(task) === pid) continue;
    ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return ns / 1e6;
}
