import { isatty } from 'node:tty';
import { relativesOf } from './process-stat.ts';

/**
 * Whether somebody has typed this command at a terminal and sees what it shows. A script at a terminal has the same streams, but its
 * commands stay in its process group, and an interactive shell gives each command one of its own. False where the group can't be
 * known, which is on a system without /proc. Loads no libc: every command may ask.
 */
export function isTyped(): boolean {
  return isatty(0) && isatty(1) && relativesOf(process.pid).group === process.pid;
}
