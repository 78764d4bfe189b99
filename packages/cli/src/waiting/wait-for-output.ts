import type { Client } from '@holdfast/client';
import type { OutputSearch } from './output-search.ts';
import { ScreenWatch } from './screen-watch.ts';
import { throughOutput } from './through-output.ts';

/**
 * Waits until `search` has found what it looks for in the output, earlier output included, or on the screen; false if the session ends
 * without it.
 */
export function waitForOutput(client: Client, session: string, search: OutputSearch): Promise<boolean> {
  const screen = new ScreenWatch(client, session, (text) => search.matches(text));
  return throughOutput(client, session, {
    came(bytes, _isNew, met) {
      if (search.push(bytes)) met();
      else screen.outputCame(met);
    },
    ended: () => screen.look(),
  });
}
