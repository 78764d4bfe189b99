import { Store } from '../store.ts';
import { api, refusals, statusOf } from './client.ts';
import { asSharedHere, keepShare, type Share, sharedHere } from './share.ts';
import { tokenIn } from './token-in.ts';

/** Whether this browser may come in, and why not. */
export type Access =
  | { readonly kind: 'asking' }
  | { readonly kind: 'granted' }
  | { readonly kind: 'shared'; readonly share: Share }
  /** `none`: no token yet; `wrong`: this one is none of the host's, or has expired; `expired`, `unshared`: it was right before. */
  | { readonly kind: 'refused'; readonly why: 'none' | 'wrong' | 'expired' | 'unshared' | 'tooMany' }
  | { readonly kind: 'unreachable' };

export const access = new Store<Access>({ kind: 'asking' });

/** Trades the token behind `#`, if there is one, and otherwise asks whether the cookie is still good. */
export async function enter(): Promise<void> {
  const token = tokenIn(location.hash);
  if (token !== undefined) {
    // It must not stay in the address bar, nor in the history.
    history.replaceState(null, '', location.pathname);
    if (token !== '') return login(token);
  }
  return look();
}

/** An address with another token, opened in a tab that is open already, only changes what is behind the `#`. */
export function followTokens(): void {
  addEventListener('hashchange', () => {
    if (tokenIn(location.hash) !== undefined) void enter();
  });
}

export async function login(token: string): Promise<void> {
  try {
    const response = await fetch('/auth/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: token.trim() }),
    });
    if (response.status === 429) return access.set({ kind: 'refused', why: 'tooMany' });
    if (!response.ok) return access.set({ kind: 'refused', why: 'wrong' });
    const { share } = (await response.json()) as { share: Share | null };
    keepShare(share);
    access.set(share ? { kind: 'shared', share } : { kind: 'granted' });
  } catch {
    // TypeError: nobody listens.
    access.set({ kind: 'unreachable' });
  }
}

async function look(): Promise<void> {
  try {
    await api.terminal.daemon.getHealth.query();
    access.set({ kind: 'granted' });
  } catch (error) {
    const share = sharedHere();
    const status = statusOf(error);
    if (status === 403 && share) access.set({ kind: 'shared', share });
    else if (status === 401 && share) access.set({ kind: 'refused', why: 'unshared' });
    else if (status === 401 || status === 403) access.set({ kind: 'refused', why: 'none' });
    else access.set({ kind: 'unreachable' });
  }
}

/** Ends this browser's session. Throws if the host hasn't: the cookie is still good then. */
export async function logout(): Promise<void> {
  const response = await fetch(asSharedHere('/auth/session'), { method: 'DELETE' }).catch(
    (cause: unknown) => {
      throw new Error("the host can't be reached", { cause });
    },
  );
  // 401: it has ended already.
  if (!response.ok && response.status !== 401) throw new Error(`the host answered ${response.status}`);
  access.set({ kind: 'refused', why: 'none' });
}

/** Whether it is of no use to ask again. */
export function refusalIsFinal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500;
}

/** Whether who was let in before has to show a token again, to go on where he was. */
export function isLoginOver(): boolean {
  const state = access.get();
  return state.kind === 'refused' && state.why === 'expired';
}

/** Whatever was asked: who was let in before, and is refused now, is told so in place of everything. */
refusals.subscribe(() => {
  const { kind } = access.get();
  if (kind !== 'granted' && kind !== 'shared') return;
  access.set({ kind: 'refused', why: kind === 'shared' ? 'unshared' : 'expired' });
});
