import { chosenStart, START_OPTIONS } from '../arguments/daemon-start.ts';
import { defineCommand } from '../command.ts';
import { resumeDaemon } from '../connection/resume-daemon.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

const TIMEOUT_MS = 5_000;

export const resumeCommand = defineCommand({
  name: 'resume',
  summary: 'start a daemon again after it died too often',
  cannot: "can't resume",
  operands: {},
  options: START_OPTIONS,
  async run({ options }, context) {
    const start = { ...chosenStart(options, context.env), nodeArguments: [] };
    const client = await resumeDaemon(context, start, TIMEOUT_MS);
    try {
      const { sessions } = await client.request('status', {});
      context.print(`Daemon ${client.daemon.pid} runs; ${countSessions(sessions.running)} kept.\n`);
      return EXIT.done;
    } finally {
      client.close();
    }
  },
});
