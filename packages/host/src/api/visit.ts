import type { ApiContext } from './trpc.ts';

/** How often the token of a stream is looked at again, as those of terminals are. */
const LOOK_MS = 2_000;

/** What a subscription yields, for as long as the caller is there and its token is good. */
export async function* whileWelcome<T>(
  { tokens, principal }: Pick<ApiContext, 'tokens' | 'principal'>,
  caller: AbortSignal | undefined,
  begin: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const ending = new AbortController();
  const end = () => ending.abort();
  caller?.addEventListener('abort', end, { once: true });
  const timer = setInterval(() => {
    if (!tokens.isValid(principal.tokenId)) end();
  }, LOOK_MS);
  try {
    yield* begin(ending.signal);
  } finally {
    clearInterval(timer);
    caller?.removeEventListener('abort', end);
    end();
  }
}
