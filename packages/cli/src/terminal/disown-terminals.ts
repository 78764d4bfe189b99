import { closeSync, openSync } from 'node:fs';
import { duplicateTo, isTerminal } from '@holdfast/posix';

/**
 * Takes the terminals among 0 to 2 away from this process; the last thing that it does. When Node ends, it puts them back as they
 * were when it began, which is wrong behind a pager's back: that may have begun before, and ended.
 */
export function disownTerminals(): void {
  const terminals = [0, 1, 2].filter(isTerminal);
  if (terminals.length === 0) return;
  const nothing = openSync('/dev/null', 'r+');
  for (const fd of terminals) duplicateTo(nothing, fd);
  closeSync(nothing);
}
