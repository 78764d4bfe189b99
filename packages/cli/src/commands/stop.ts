import { defineCommand } from '../command.ts';
import { stopDaemon } from '../connection/end-sessions.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

export const stopCommand = defineCommand({
  name: 'stop',
  summary: 'end all sessions and the daemon',
  cannot: "can't stop",
  operands: {},
  options: { yes: { kind: 'flag', short: 'y', summary: 'do not ask' } },
  async run({ options }, context) {
    const outcome = await stopDaemon(context, { isSure: options.yes });
    if (outcome.kind === 'declined') return EXIT.failed;
    const isStopped = outcome.kind === 'stopped';
    context.note(
      isStopped ? `The daemon has stopped; ${countSessions(outcome.ended)} ended.` : 'No daemon is running.',
    );
    return EXIT.done;
  },
});
