import type { Namespace } from '../daemons/namespace.ts';
import type { ApiContext } from './trpc.ts';

/** How often the token of a stream is looked at again, as those of terminals are. */
const LOOK_MS = 2_000;

/** What a subscription to one namespace yields, for as long as the caller is there and its token is good. */
export async function* whileWelcome<T>(
  { namespaces, tokens, principal }: Pick<ApiContext, 'namespaces' | 'tokens' | 'principal'>,
  { namespace, caller }: { namespace?: string | undefined; caller: AbortSignal | undefined },
  begin: (namespace: Namespace, signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  using use = namespaces.use(namespace);
  const ending = new AbortController();
  const end = () => ending.abort();
  caller?.addEventListener('abort', end, { once: true });
  const timer = setInterval(() => {
    if (!tokens.isValid(principal.tokenId)) end();
  }, LOOK_MS);
  try {
    yield* begin(use.thing, ending.signal);
  } finally {
    clearInterval(timer);
    caller?.removeEventListener('abort', end);
    end();
  }
}
