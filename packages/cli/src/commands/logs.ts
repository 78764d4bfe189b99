import { defineCommand } from '../command.ts';
import { EXIT } from '../output/exit-codes.ts';
import { LogFile } from '../output/log-file.ts';
import { flushStreams, writeStdout } from '../output/standard-streams.ts';

/** Often enough to look live, rarely enough to cost nothing. */
const LOOK_EVERY_MS = 200;

export const logsCommand = defineCommand({
  name: 'logs',
  summary: "show the daemon's log",
  cannot: "can't show the log",
  hereOnly: 'the log is a file of the machine, to be read there',
  operands: {},
  options: { follow: { kind: 'flag', short: 'f', summary: 'go on as it grows' } },
  async run({ options }, context) {
    process.on('SIGINT', () => process.exit(EXIT.interrupted));
    if (options.follow) {
      const { disownTerminals } = await import('../terminal/disown-terminals.ts');
      process.on('exit', disownTerminals);
    }
    await using log = new LogFile(context.home.logPath, (bytes) => {
      writeStdout(bytes);
      return flushStreams();
    });
    if (!(await log.copyNew())) context.note(`There is no log yet: ${context.home.logPath}`);
    while (options.follow) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      await log.copyNew();
    }
    return EXIT.done;
  },
});
