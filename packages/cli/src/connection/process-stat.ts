import { readFileSync } from 'node:fs';
import { STAT, statFields } from '@holdfast/posix/process-stat';

/** What /proc tells of a process in that file; empty if it can't be read: it is gone, or this system has no /proc. */
export function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // ENOENT, ESRCH, EACCES
  }
}

/** Of the parent, and of the process group; NaN if that can't be known. */
export function relativesOf(pid: number): { parent: number; group: number } {
  const fields = statFields(readProcess(pid, 'stat'));
  return { parent: Number(fields[STAT.parent]), group: Number(fields[STAT.group]) };
}
