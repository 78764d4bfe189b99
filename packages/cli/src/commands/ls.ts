import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectIfRunning, tellOfCrash } from '../connection/connect.ts';
import { tellOfPendingUpdate } from '../connection/pending-update.ts';
import { byAge } from '../connection/sessions.ts';
import { EXIT } from '../output/exit-codes.ts';
import { jsonLine } from '../output/json.ts';
import { sessionTable } from '../output/session-table.ts';

export const lsCommand = defineCommand({
  name: 'ls',
  summary: 'list all sessions, exited ones too',
  cannot: "can't list the sessions",
  elsewhere: 'daemon',
  operands: {},
  options: {
    'all-hosts': { kind: 'flag', summary: 'those of every host of the fleet (HOLDFAST_FLEET)' },
    json: { kind: 'flag', summary: 'print a JSON array' },
  },
  async run({ options }, context) {
    if (options['all-hosts']) {
      if (context.host !== undefined) throw usageError('--host and --all-hosts exclude each other');
      const { listEverywhere } = await import('../fleet/list-everywhere.ts');
      await listEverywhere(context, options);
      return EXIT.done;
    }
    const client = await connectIfRunning(context);
    const sessions = client ? byAge((await client.request('list', {})).sessions) : [];
    client?.close();
    if (options.json) context.print(jsonLine(sessions));
    else if (sessions.length > 0) {
      const view = { now: Date.now(), userHome: context.env['HOME'], columns: context.columns };
      context.print(sessionTable(sessions, view));
    }
    if (context.host !== undefined || options.json) return EXIT.done;
    if (client) await tellOfPendingUpdate(client.daemon, context);
    else tellOfCrash(context);
    return EXIT.done;
  },
});
