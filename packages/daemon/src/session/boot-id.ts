import { readFileSync } from 'node:fs';

/**
 * Names the time since the machine was started: pids and start times of another one say nothing. undefined on a system that does
 * not tell.
 */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    // ENOENT: a system without /proc
    return undefined;
  }
}
