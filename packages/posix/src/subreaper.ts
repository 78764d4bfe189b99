import { check } from './errors.ts';
import { libc } from './libc.ts';
import { isMacOS } from './platform.ts';

const PR_SET_CHILD_SUBREAPER = 36;

/**
 * Descendants whose parent dies become children of this process instead of init's, so that it can take their exit status,
 * and must. Lasts through replaceProcess. False where the system has no such thing (macOS).
 */
export function becomeSubreaper(): boolean {
  if (isMacOS) return false;
  check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 'prctl', 'PR_SET_CHILD_SUBREAPER');
  return true;
}
