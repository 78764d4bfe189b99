import type { Client } from '../client.ts';
import type { OutputSearch } from './output-search.ts';
import { ScreenWatch } from './screen-watch.ts';
import { type ReadingOptions, throughOutput } from './through-output.ts';

/**
 * Waits until `search` has found what it looks for in the output, earlier output included, or on the screen; false if the session ends
 * without it.
 */
export function waitForOutput(
  client: Client,
  session: string,
  search: OutputSearch,
  options?: ReadingOptions,
): Promise<boolean> {
  const screen = new ScreenWatch(client, session, (text) => search.matches(text));
  const reader = {
    came(
      { bytes, offset }: { bytes: Uint8Array; offset: number },
      met: () => void,
      failed: (error: unknown) => void,
    ) {
      if (search.push(bytes, offset)) met();
      else screen.outputCame(met, failed);
    },
    ended: () => screen.look(),
  };
  return throughOutput(client, session, reader, options).finally(() => screen.close());
}
