import type { Stopped } from '@holdfast/supervisor';
import { defineCommand } from '../command.ts';
import { mayEndSessions } from '../connection/end-sessions.ts';
import { supervisorOf } from '../connection/supervisor.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

export const stopCommand = defineCommand({
  name: 'stop',
  summary: 'end all sessions and the daemon',
  cannot: "can't stop",
  hereOnly: 'whoever ends all sessions of a machine does so there',
  operands: {},
  options: { yes: { kind: 'flag', short: 'y', summary: 'do not ask' } },
  async run({ options }, context) {
    if (!(await mayEndSessions(context, { isSure: options.yes }))) return EXIT.failed;
    context.note(describe(await supervisorOf(context).stop()));
    return EXIT.done;
  },
});

function describe(outcome: Stopped): string {
  if (outcome.kind === 'notRunning') return 'No daemon is running.';
  if (outcome.kind === 'stoppedKeeper')
    return 'The keeper has stopped, and no program has its terminal any more.';
  return `The daemon has stopped; ${countSessions(outcome.ended)} ended.`;
}
