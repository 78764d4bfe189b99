import { defineCommand } from '../command.ts';
import { stopDaemon, type Stopped } from '../connection/end-sessions.ts';
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
    context.note(describe(outcome));
    return EXIT.done;
  },
});

function describe(outcome: Exclude<Stopped, { kind: 'declined' }>): string {
  if (outcome.kind === 'notRunning') return 'No daemon is running.';
  if (outcome.kind === 'stoppedKeeper')
    return 'The keeper has stopped, and no program has its terminal any more.';
  return `The daemon has stopped; ${countSessions(outcome.ended)} ended.`;
}
