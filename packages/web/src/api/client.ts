import type { AppRouter } from '@holdfast/host';
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink, TRPCClientError } from '@trpc/client';
import { Store } from '../store.ts';
import { asSharedHere } from './share.ts';

const url = '/trpc';
const UNAUTHORIZED = 401;

/** How often the host has answered that it doesn't know this browser, or knows it no more. */
export const refusals = new Store(0);

/** The host's API. A query is a request of its own: one that waits for the daemon must not hold up one that never waits. */
export const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: httpLink({
        url,
        fetch: async (asked, init) => {
          const address = asSharedHere(asked instanceof Request ? asked.url : asked);
          // Its type allows more than fetch takes; what comes is what fetch takes.
          const response = await fetch(address, init as RequestInit);
          if (response.status === UNAUTHORIZED) refusals.update((times) => times + 1);
          return response;
        },
      }),
    }),
  ],
});

/** What went wrong, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof TRPCClientError && error.message === 'Failed to fetch')
    return "the host can't be reached";
  // Not from the API, and so without a reason for people.
  if (statusOf(error) === UNAUTHORIZED) return 'this browser is logged out';
  return error instanceof Error ? error.message : String(error);
}

/** The HTTP status of a refusal; undefined if nobody answered. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const { meta } = error;
  const response: unknown = meta?.['response'];
  return response instanceof Response ? response.status : undefined;
}
