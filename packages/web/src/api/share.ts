/** The one session that a shared link is about. */
export interface Share {
  readonly namespace: string;
  readonly session: string;
}

const KEY = 'holdfast.share';

/** What this tab was opened for, until it is closed; null: for everything. */
export function sharedHere(): Share | null {
  const kept = sessionStorage.getItem(KEY);
  return kept === null ? null : (JSON.parse(kept) as Share);
}

export function keepShare(share: Share | null): void {
  if (share) sessionStorage.setItem(KEY, JSON.stringify(share));
  else sessionStorage.removeItem(KEY);
}

/** The same address, with the host told which cookie counts: a tab with a shared session is not the owner's, whose cookie may be there, too. */
export function asSharedHere(address: string | URL): URL {
  const url = new URL(address, location.href);
  const share = sharedHere();
  if (share) url.searchParams.set('share', share.session);
  return url;
}
