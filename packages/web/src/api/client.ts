import type { AppRouter } from '@holdfast/host';
import { createTRPCClient, httpLink, httpSubscriptionLink, splitLink, TRPCClientError } from '@trpc/client';
import { asSharedHere } from './share.ts';

const url = '/trpc';

/** The host's API. A query is a request of its own: one that waits for the daemon must not hold up one that never waits. */
export const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: httpLink({
        url,
        fetch: (asked, init) =>
          // Its type allows more than fetch takes; what comes is what fetch takes.
          fetch(asSharedHere(asked instanceof Request ? asked.url : asked), init as RequestInit),
      }),
    }),
  ],
});

/** What went wrong, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof TRPCClientError && error.message === 'Failed to fetch')
    return "the host can't be reached";
  return error instanceof Error ? error.message : String(error);
}

/** The HTTP status of a refusal; undefined if nobody answered. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const { meta } = error;
  const response: unknown = meta?.['response'];
  return response instanceof Response ? response.status : undefined;
}
