/** Why a page's WebSocket is closed. Below 4500, and 1000: trying again is of no use, but for 1001, 4408. docs/api.md has the same. */
export const CLOSE = {
  done: 1000,
  hostEnds: 1001,
  broken: 4400,
  unauthorized: 4401,
  forbidden: 4403,
  noSession: 4404,
  silent: 4408,
  fault: 4500,
  unavailable: 4503,
} as const;

export function closeCodeOf(code: string, retry: boolean): number {
  switch (code) {
    case 'E_NO_SESSION':
    case 'E_AMBIGUOUS':
      return CLOSE.noSession;
    case 'E_FORBIDDEN':
      return CLOSE.forbidden;
    case 'E_OFFSET':
    case 'E_INPUT_GAP':
    case 'E_PROTOCOL':
    case 'E_BAD_REQUEST':
    case 'E_USAGE':
      return CLOSE.broken;
    case 'E_INPUT_UNKNOWN':
      // The page comes back with another stream.
      return CLOSE.unavailable;
    default:
      // E_HELD is not to be repeated as a request; a page waits until somebody has resumed the daemon.
      return retry || code === 'E_HELD' ? CLOSE.unavailable : CLOSE.fault;
  }
}
