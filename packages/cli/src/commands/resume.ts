import { chosenStart, START_OPTIONS } from '../arguments/daemon-start.ts';
import { defineCommand } from '../command.ts';
import { supervisorOf } from '../connection/supervisor.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

export const resumeCommand = defineCommand({
  name: 'resume',
  summary: 'start a daemon again after it died too often',
  cannot: "can't resume",
  hereOnly: 'it starts a program of the machine, and does so there',
  operands: {},
  options: START_OPTIONS,
  async run({ options }, context) {
    const { daemon, sessions } = await supervisorOf(context).resume({
      start: chosenStart(options, context.env),
    });
    context.print(`Daemon ${daemon.pid} runs; ${countSessions(sessions)} kept.\n`);
    return EXIT.done;
  },
});
