import { readProcess, relativesOf } from './process-stat.ts';

/**
 * The soft limit of open files that the login gave; undefined if that can't be known. Each Node raises its own to the hard limit,
 * and so that of npm's scripts and of all that they start: what counts is what the nearest ancestor has that is below.
 */
export function loginOpenFilesLimit(): number | undefined {
  let pid = process.ppid;
  let found = limitsOf(pid);
  while (found && found.soft === found.hard) {
    pid = relativesOf(pid).parent;
    const above = limitsOf(pid);
    // Another hard limit was set on purpose, with the soft one.
    if (above?.hard !== found.hard) break;
    found = above;
  }
  return found && Number.isSafeInteger(found.soft) ? found.soft : undefined;
}

function limitsOf(pid: number): { soft: number; hard: number } | undefined {
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(readProcess(pid, 'limits')) ?? [];
  return soft === undefined ? undefined : { soft: Number(soft), hard: Number(hard) };
}
