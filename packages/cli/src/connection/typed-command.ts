import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Its place among the fields of /proc/PID/stat that follow the command, which stands in parentheses. */
const PROCESS_GROUP = 2;

/**
 * Whether somebody has typed this command at a terminal and sees what it shows. A script at a terminal has the same streams, but its
 * commands stay in its process group, and an interactive shell gives each command one of its own. False where the group can't be
 * known, which is on a system without /proc. Loads no libc: every command may ask.
 */
export function isTyped(): boolean {
  if (!isatty(0) || !isatty(1)) return false;
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[PROCESS_GROUP]) === process.pid;
  } catch {
    // ENOENT: there is no /proc.
    return false;
  }
}
