/** `3 sessions`, `1 session`. */
export function countSessions(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`;
}
