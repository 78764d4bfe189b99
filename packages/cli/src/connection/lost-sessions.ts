import type { Client } from '@holdfast/client';
import type { Context } from '../context.ts';
import { countSessions } from '../output/count-sessions.ts';
import { printable } from '../output/printable.ts';
import { typedCommand } from '../output/typed-command.ts';

/** Names that fit into a line; `ls` has them all. */
const NAMES_MAX = 5;

/** Says which sessions ended with the daemon before this one, which has just been started and has found what they left. */
export async function tellOfLostSessions(client: Client, context: Context): Promise<void> {
  const { sessions } = await client.request('list', {});
  const { startedAt } = client.daemon;
  const names = sessions
    .filter(({ exit, exitedAt }) => exit && 'lost' in exit && exitedAt !== null && exitedAt >= startedAt)
    .map(({ name }) => printable(name));
  if (names.length === 0) return;
  const shown = names.length > NAMES_MAX ? [...names.slice(0, NAMES_MAX), '…'] : names;
  const [tail, restore] = [typedCommand(context, 'tail'), typedCommand(context, 'restore', '--all')];
  context.note(
    `[the daemon before this one has ended, and ${countSessions(names.length)} with it: ${shown.join(', ')}; ${tail} shows what a session has printed, ${restore} starts them anew]`,
  );
}
