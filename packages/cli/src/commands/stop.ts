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
    context.note(describe(outcome));
    return outcome.kind === 'declined' ? EXIT.failed : EXIT.done;
  },
});

function describe(outcome: Stopped): string {
  if (outcome.kind === 'stopped') return `The daemon has stopped; ${countSessions(outcome.ended)} ended.`;
  return {
    stoppedKeeper: 'The keeper has stopped, and no program has its terminal any more.',
    declined: 'Nothing was ended.',
    notRunning: 'No daemon is running.',
  }[outcome.kind];
}
