import { HoldfastError } from '@holdfast/protocol';
import { defineCommand } from '../command.ts';
import { stopDaemon } from '../connection/end-sessions.ts';
import { startDaemon } from '../connection/start-daemon.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

export const restartCommand = defineCommand({
  name: 'restart',
  summary: 'end all sessions, and start the daemon anew',
  cannot: "can't restart",
  operands: {},
  options: { yes: { kind: 'flag', short: 'y', summary: 'do not ask' } },
  async run({ options }, context) {
    const outcome = await stopDaemon(context, { isSure: options.yes });
    if (outcome.kind === 'declined') return EXIT.failed;
    if (outcome.kind === 'notRunning') {
      throw new HoldfastError('E_NO_DAEMON', 'no daemon is running; holdfast new starts one');
    }
    await startDaemon(context);
    const ended = outcome.kind === 'stopped' ? countSessions(outcome.ended) : 'all that waited for one';
    context.note(`The daemon has been started anew; ${ended} ended.`);
    return EXIT.done;
  },
});
