import { HoldfastError } from '@holdfast/protocol';
import { defineCommand } from '../command.ts';
import { mayEndSessions } from '../connection/end-sessions.ts';
import { supervisorOf } from '../connection/supervisor.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

export const restartCommand = defineCommand({
  name: 'restart',
  summary: 'end all sessions, and start the daemon anew',
  cannot: "can't restart",
  hereOnly: 'whoever ends all sessions of a machine does so there',
  operands: {},
  options: { yes: { kind: 'flag', short: 'y', summary: 'do not ask' } },
  async run({ options }, context) {
    if (!(await mayEndSessions(context, { isSure: options.yes }))) return EXIT.failed;
    const ended = await supervisorOf(context)
      .restart()
      .catch((error: unknown) => {
        if (!(error instanceof HoldfastError) || error.code !== 'E_NO_DAEMON') throw error;
        throw new HoldfastError('E_NO_DAEMON', `${error.message}; holdfast new starts one`);
      });
    const what = ended.kind === 'stopped' ? countSessions(ended.ended) : 'all that waited for one';
    context.note(`The daemon has been started anew; ${what} ended.`);
    return EXIT.done;
  },
});
