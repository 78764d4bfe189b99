import type { Client } from '../client.ts';
import type { OutputMatch, OutputSearch } from './output-search.ts';
import { type ReadingOptions, throughOutput } from './through-output.ts';

/** Waits until `search` has found what it looks for in the output: tells where; undefined if the session ends without it. */
export async function waitForMatch(
  client: Client,
  session: string,
  search: OutputSearch,
  options?: ReadingOptions,
): Promise<OutputMatch | undefined> {
  let found: OutputMatch | undefined;
  const reader = {
    came({ bytes, offset }: { bytes: Uint8Array; offset: number }, met: () => void) {
      found ??= search.push(bytes, offset);
      if (found) met();
    },
    missed: () => search.missed(),
    ended: async () => found !== undefined,
  };
  await throughOutput(client, session, reader, options);
  return found;
}
