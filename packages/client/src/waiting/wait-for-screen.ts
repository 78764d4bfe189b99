import type { Client } from '../client.ts';
import type { OutputSearch } from './output-search.ts';
import { ScreenWatch } from './screen-watch.ts';
import { LOOKING_ON, untilTold } from './until-told.ts';

/**
 * Waits until a session's terminal shows what `search` looks for; false if the session ends without. `signal` ends the wait:
 * it rejects with its reason.
 */
export function waitForScreen(
  client: Client,
  session: string,
  search: OutputSearch,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<boolean> {
  const screen = new ScreenWatch(client, session, (text) => search.matches(text));
  return untilTold<boolean>(client, session, signal, (tell, fail) => {
    const look = () => screen.outputCame(() => tell(true), fail);
    return {
      options: {
        ...LOOKING_ON,
        onData: look,
        onResync: look,
        onExited: () => void screen.look().then(tell, fail),
      },
      opened: look,
    };
  }).finally(() => screen.close());
}
