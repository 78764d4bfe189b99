/** Where things stand among the `statFields` of a process. Times are in clock ticks. */
export const STAT = {
  state: 0,
  parent: 1,
  group: 2,
  session: 3,
  terminal: 4,
  userTime: 11,
  systemTime: 12,
  userTimeOfChildren: 13,
  systemTimeOfChildren: 14,
  startTime: 19,
  exitCode: 49,
} as const;

/**
 * The fields of a `/proc/PID/stat` that follow the command. That stands in parentheses and may contain any character, spaces and
 * parentheses too. Loads no libc.
 */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
