import { netConnector } from '@holdfast/client';
import { OutputSearch, PromptWait, waitForOutput, waitForSilence } from '@holdfast/client/waiting';
import { parseExpression } from '../arguments/expression.ts';
import { parseMilliseconds } from '../arguments/numbers.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';
import { connectForSession } from '../connection/connect.ts';
import { EXIT, exitCodeOfSession } from '../output/exit-codes.ts';
import { incompleteLine } from '../output/incomplete-line.ts';
import { jsonLine } from '../output/json.ts';
import { printable } from '../output/printable.ts';

/** So long a shell that marks its prompts may take to be read: its marks are in the output that is there. */
const MARKLESS_MS = 3_000;
const NO_MARKS =
  'holdfast: this shell has marked no prompt: it needs shell integration (OSC 133), see docs/cli.md';

export const waitCommand = defineCommand({
  name: 'wait',
  summary: 'wait until a session has exited, printed something, shows a prompt, or has fallen silent',
  cannot: "can't wait",
  elsewhere: 'daemon',
  operands: { S: SESSION_OPERAND },
  options: {
    output: {
      kind: 'value',
      value: 'REGEX',
      summary: 'until its output or its screen matches; earlier output counts',
    },
    prompt: { kind: 'flag', summary: 'until its shell shows a prompt, if it marks that (OSC 133)' },
    idle: { kind: 'value', value: 'MS', summary: 'until it has printed nothing for so long' },
    timeout: { kind: 'value', value: 'MS', summary: 'give up after so long, with exit code 124' },
    json: { kind: 'flag', summary: 'print what has come of it as JSON' },
  },
  details: [
    "Without a condition: exits with the session's status (128 + signal if killed, 255 if lost).",
    'With one: 0 when it is met, 1 if the session ends first. With several: first the output, then the prompt, then the',
    'silence. With --prompt, --json tells how the last command has ended, as lastExit.',
    'REGEX is a JavaScript regular expression on the raw output, escape sequences included, and on the text of the',
    'screen as capture prints it; ^ and $ are the ends of lines. A match may straddle 65536 characters of output, and no',
    'gap in it.',
  ],
  async run({ options, operands }, context) {
    const session = operands.S;
    const expression = options.output === undefined ? undefined : parseExpression('--output', options.output);
    const idleMs = options.idle === undefined ? undefined : parseMilliseconds('--idle', options.idle);
    const timeoutMs =
      options.timeout === undefined ? undefined : parseMilliseconds('--timeout', options.timeout);
    const deadlineMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const client = await connectForSession(context, session, {
      connector: netConnector(context.socketPath),
      reconnect: true,
    });
    const hasCondition = expression !== undefined || options.prompt || idleMs !== undefined;
    const prompt = options.prompt ? new PromptWait() : undefined;
    const met = async (): Promise<number> => {
      if (expression) {
        const search = new OutputSearch(expression, { deadlineMs });
        const onIncomplete = (reasons: readonly string[]) => context.note(incompleteLine(reasons) ?? '');
        if (!(await waitForOutput(client, session, search, { onIncomplete }))) return EXIT.failed;
      }
      if (prompt && !(await prompt.run(client, session))) return EXIT.failed;
      if (idleMs !== undefined && !(await waitForSilence(client, session, idleMs))) return EXIT.failed;
      if (hasCondition) return EXIT.done;
      const ended = await client.request('wait', { session }, { timeoutMs: null });
      return exitCodeOfSession(ended.session.exit);
    };
    let isToldOfMarks = false;
    const tellOfMarks = () => {
      if (prompt?.hasMarks !== false || isToldOfMarks) return;
      isToldOfMarks = true;
      context.note(NO_MARKS);
    };
    // Without a time limit nobody would ever hear of it.
    const markless = setTimeout(tellOfMarks, MARKLESS_MS);
    try {
      const { session: meant } = await client.request('get', { session });
      const code = await withinTime(met(), timeoutMs);
      clearTimeout(markless);
      const isTimedOut = code === 'late';
      if (code !== EXIT.done) tellOfMarks();
      const isEndedFirst = hasCondition && code === EXIT.failed;
      if ((isTimedOut || isEndedFirst) && !options.json && !isToldOfMarks) {
        const unmet = hasCondition
          ? `what was waited for in ${printable(meant.name)} has not come`
          : `${printable(meant.name)} has not exited`;
        context.note(`holdfast: ${unmet} ${isTimedOut ? `within ${timeoutMs} ms` : 'before it ended'}`);
      }
      if (options.json) {
        const { session: now } = await client.request('get', { session: meant.id });
        const isMet = code === EXIT.done || (!hasCondition && !isTimedOut);
        context.print(
          jsonLine({ met: isMet, timedOut: isTimedOut, lastExit: prompt?.lastExit ?? null, session: now }),
        );
      }
      return isTimedOut ? EXIT.timedOut : code;
    } finally {
      clearTimeout(markless);
      client.close();
    }
  },
});

async function withinTime(code: Promise<number>, timeoutMs: number | undefined): Promise<number | 'late'> {
  if (timeoutMs === undefined) return code;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeoutMs);
  });
  try {
    return await Promise.race([code, late]);
  } finally {
    clearTimeout(timer);
    // Closing the client rejects what still waits; nobody is left to hear of it.
    code.catch(() => undefined);
  }
}
