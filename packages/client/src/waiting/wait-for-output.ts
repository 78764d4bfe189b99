import type { Client } from '../client.ts';
import type { OutputSearch } from './output-search.ts';
import { ScreenWatch } from './screen-watch.ts';
import { type ReadingOptions, throughOutput } from './through-output.ts';

export interface OutputWaitOptions extends ReadingOptions {
  /** It was found on the screen alone, and that may show text side by side which was not printed so: for these reasons. */
  readonly onIncomplete?: ((reasons: readonly string[]) => void) | undefined;
}

/**
 * Waits until `search` has found what it looks for in the output, earlier output included, or on the screen; false if the session ends
 * without it.
 */
export async function waitForOutput(
  client: Client,
  session: string,
  search: OutputSearch,
  { onIncomplete, ...options }: OutputWaitOptions = {},
): Promise<boolean> {
  let isInOutput = false;
  let isOnScreen = false;
  let searchedTo = 0;
  const screen = new ScreenWatch(client, session, (text) => search.matches(text));
  // A screen that may be incomplete does not do while it may be in the output, too, which is still being searched.
  const screenDoes = () => isOnScreen && (screen.incomplete.length === 0 || searchedTo >= screen.offset);
  const reader = {
    came(
      { bytes, offset }: { bytes: Uint8Array; offset: number },
      met: () => void,
      failed: (error: unknown) => void,
    ) {
      isInOutput ||= search.push(bytes, offset) !== undefined;
      searchedTo = offset + bytes.length;
      if (isInOutput || screenDoes()) return met();
      const seen = () => {
        isOnScreen = true;
        if (screenDoes()) met();
      };
      if (!isOnScreen) screen.outputCame(seen, failed);
    },
    missed: () => search.missed(),
    ended: () => screen.look(),
  };
  try {
    const isMet = await throughOutput(client, session, reader, options);
    if (isMet && !isInOutput && screen.incomplete.length > 0) onIncomplete?.(screen.incomplete);
    return isMet;
  } finally {
    screen.close();
  }
}
