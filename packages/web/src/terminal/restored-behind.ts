/** The program that a pane's link leads to, by its pid; undefined while that isn't known. */
export type LinkedPid = number | undefined;

export interface Following {
  readonly linked: LinkedPid;
  /** Another program runs in the session than the one whose end is shown: it needs another link. */
  readonly isRestored: boolean;
}

/**
 * Follows what is known of a session, whose news may come before or behind those of the link. The pid is remembered from when the
 * link begins: by the time it has ended the session may have been restored.
 */
export function followProgram(
  linked: LinkedPid,
  { pid, hasEnded }: { pid: number | undefined; hasEnded: boolean },
): Following {
  if (pid === undefined || linked === undefined) return { linked: linked ?? pid, isRestored: false };
  if (!hasEnded || pid === linked) return { linked, isRestored: false };
  return { linked: pid, isRestored: true };
}
