import path from 'node:path';
import { defineCommand } from '../command.ts';
import { daemonEntry } from '../connection/daemon-entry.ts';
import { resumeDaemon } from '../connection/resume-daemon.ts';
import { countSessions } from '../output/count-sessions.ts';
import { EXIT } from '../output/exit-codes.ts';

const TIMEOUT_MS = 5_000;

export const resumeCommand = defineCommand({
  name: 'resume',
  summary: 'start a daemon again after it died too often',
  cannot: "can't resume",
  operands: {},
  options: {
    entry: {
      kind: 'value',
      value: 'FILE',
      summary: 'run this daemon instead of the one beside this program',
    },
    node: { kind: 'value', value: 'PATH', summary: 'the Node to run it by; default: the one that runs this' },
  },
  async run({ options }, context) {
    const start = {
      node: options.node === undefined ? process.execPath : path.resolve(options.node),
      nodeArguments: [],
      entry: options.entry === undefined ? daemonEntry(context.env) : path.resolve(options.entry),
    };
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
