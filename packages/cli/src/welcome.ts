import { connectIfRunning, tellOfCrash } from './connection/connect.ts';
import { tellOfPendingUpdate } from './connection/pending-update.ts';
import { byAge } from './connection/sessions.ts';
import type { Context } from './context.ts';
import { EXIT } from './output/exit-codes.ts';
import { sessionTable } from './output/session-table.ts';

const WELCOME = `Holdfast keeps terminal sessions running when the window, the connection or
the login that shows them is gone.

  holdfast new            open a shell and attach to it
  holdfast run -- make    run one program; it goes on if this terminal closes
  ctrl-] d                detach: the session goes on running
  holdfast attach         see the newest session again
  holdfast help           everything else
`;

/** What somebody sees who types nothing but `holdfast`: what to do next, and what is running. */
export async function greet(context: Context): Promise<number> {
  context.print(WELCOME);
  const client = await connectIfRunning(context);
  if (!client) {
    tellOfCrash(context);
    return EXIT.done;
  }
  const running = byAge((await client.request('list', {})).sessions).filter(
    ({ state }) => state === 'running',
  );
  client.close();
  if (running.length > 0) {
    const view = { now: Date.now(), userHome: context.env['HOME'], columns: context.columns };
    context.print(`\n${sessionTable(running, view)}`);
  }
  await tellOfPendingUpdate(client.daemon, context);
  return EXIT.done;
}
