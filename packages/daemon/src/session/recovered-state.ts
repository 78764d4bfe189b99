import fs from 'node:fs';
import { startTimeOf, windowSize } from '@holdfast/posix';
import { LIMITS } from '@holdfast/protocol';
import type { InheritedMaster } from './inheritance.ts';
import type { SessionState } from './state-file.ts';

/**
 * The state of a session that lives although its state file can't be read: what the system knows of its program and its
 * terminal. Its name is its id, its beginning is not known, and leases are gone. Throws Error without a program.
 */
export function recoverState(id: string, { fd, pid }: InheritedMaster): SessionState {
  if (pid === undefined) throw new Error('nobody knows its program');
  const { cols, rows } = windowSize(fd);
  return {
    schema: 1,
    id,
    name: id,
    pid,
    startTime: startTimeOf(pid),
    command: commandOf(pid),
    cwd: folderOf(pid),
    cols,
    rows,
    createdAt: new Date().toISOString(),
    exitedAt: null,
    exit: null,
    historyBytes: LIMITS.historyBytesDefault,
    historyIn: 'disk',
    leases: [],
  };
}

function commandOf(pid: number): string[] {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    // ENOENT: it has ended, or the system has no /proc.
    return [];
  }
}

function folderOf(pid: number): string {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '/';
  }
}
