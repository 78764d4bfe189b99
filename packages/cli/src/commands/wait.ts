import { netConnector } from '@holdfast/client';
import { parseMilliseconds } from '../arguments/numbers.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';
import { connectForSession } from '../connection/connect.ts';
import { EXIT, exitCodeOfSession } from '../output/exit-codes.ts';
import { OutputSearch, parseExpression } from '../waiting/output-search.ts';
import { waitForOutput } from '../waiting/wait-for-output.ts';
import { waitForSilence } from '../waiting/wait-for-silence.ts';

export const waitCommand = defineCommand({
  name: 'wait',
  summary: 'wait until a session has exited, printed something, or fallen silent',
  cannot: "can't wait",
  operands: { S: SESSION_OPERAND },
  options: {
    output: {
      kind: 'value',
      value: 'REGEX',
      summary: 'until its output or its screen matches; earlier output counts',
    },
    idle: { kind: 'value', value: 'MS', summary: 'until it has printed nothing for so long' },
    timeout: { kind: 'value', value: 'MS', summary: 'give up after so long, with exit code 124' },
  },
  details: [
    "Without --output and --idle: exits with the session's status (128 + signal if killed, 255 if lost).",
    'With one of them: 0 when it is met, 1 if the session ends first. With both: first the output, then the silence.',
    'REGEX is a JavaScript regular expression on the raw output, escape sequences included, and on the text of the',
    'screen as capture prints it; ^ and $ are the ends of lines. A match may straddle 65536 characters of output.',
  ],
  async run({ options, operands }, context) {
    const session = operands.S;
    const expression = options.output === undefined ? undefined : parseExpression('--output', options.output);
    const idleMs = options.idle === undefined ? undefined : parseMilliseconds('--idle', options.idle);
    const timeoutMs =
      options.timeout === undefined ? undefined : parseMilliseconds('--timeout', options.timeout);
    const deadlineMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const client = await connectForSession(context, session, {
      connector: netConnector(context.home.socketPath),
      reconnect: true,
    });
    const met = async (): Promise<number> => {
      if (expression && !(await waitForOutput(client, session, new OutputSearch(expression, deadlineMs)))) {
        return EXIT.failed;
      }
      if (idleMs !== undefined && !(await waitForSilence(client, session, idleMs))) return EXIT.failed;
      if (expression || idleMs !== undefined) return EXIT.done;
      const ended = await client.request('wait', { session }, { timeoutMs: null });
      return exitCodeOfSession(ended.session.exit);
    };
    try {
      return await withinTime(met(), timeoutMs);
    } finally {
      client.close();
    }
  },
});

async function withinTime(code: Promise<number>, timeoutMs: number | undefined): Promise<number> {
  if (timeoutMs === undefined) return code;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(EXIT.timedOut), timeoutMs);
  });
  try {
    return await Promise.race([code, late]);
  } finally {
    clearTimeout(timer);
    // Closing the client rejects what still waits; nobody is left to hear of it.
    code.catch(() => undefined);
  }
}
