import { readFileSync } from 'node:fs';

/**
 * The soft limit of open files that the login gave; undefined if that can't be known. Each Node raises its own to the hard limit,
 * and so that of npm's scripts and of all that they start: what counts is what the nearest ancestor has that is below.
 */
export function loginOpenFilesLimit(): number | undefined {
  let pid = process.ppid;
  let found = limitsOf(pid);
  while (found && found.soft === found.hard) {
    pid = parentOf(pid);
    const above = limitsOf(pid);
    // Another hard limit was set on purpose, with the soft one.
    if (above?.hard !== found.hard) break;
    found = above;
  }
  return found && Number.isSafeInteger(found.soft) ? found.soft : undefined;
}

function limitsOf(pid: number): { soft: number; hard: number } | undefined {
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(readOf(pid, 'limits')) ?? [];
  return soft === undefined ? undefined : { soft: Number(soft), hard: Number(hard) };
}

function parentOf(pid: number): number {
  const stat = readOf(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Empty if it can't be read: it is gone, or this system has no /proc. */
function readOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return ''; // ENOENT, ESRCH, EACCES
  }
}
