import { LIMITS } from '@holdfast/protocol';
import { parseChoice } from '../arguments/choice.ts';
import { parseCount } from '../arguments/numbers.ts';
import { SESSION_OPERAND } from '../arguments/session-operand.ts';
import { defineCommand } from '../command.ts';
import { withSession } from '../connection/with-session.ts';
import { EXIT } from '../output/exit-codes.ts';
import { incompleteLine } from '../output/incomplete-line.ts';
import { jsonLine } from '../output/json.ts';

const FORMATS = ['text', 'ansi', 'html'] as const;

export const captureCommand = defineCommand({
  name: 'capture',
  summary: "print what a session's terminal shows now",
  cannot: "can't capture the screen",
  elsewhere: 'daemon',
  operands: { S: SESSION_OPERAND },
  options: {
    format: {
      kind: 'value',
      value: 'text|ansi|html',
      summary: 'text (default), text with colours, or a piece of a web page',
      complete: FORMATS,
    },
    history: {
      kind: 'value',
      value: 'LINES',
      summary: `so many lines above the screen, too: 0 (default) to ${LIMITS.captureHistoryLines}`,
    },
    json: { kind: 'flag', summary: 'print it as JSON, with size, cursor, title and offset' },
  },
  details: [
    'One line for each row, without the spaces at its end. A program that has the whole screen has no lines above it.',
    'If it may differ from what a terminal shows that was always there, a line on stderr says why.',
  ],
  async run({ options, operands }, context) {
    const { format = 'text', history = '0' } = options;
    const request = {
      session: operands.S,
      format: parseChoice('--format', format, FORMATS),
      historyLines: parseCount('--history', history, { max: LIMITS.captureHistoryLines }),
    };
    const captured = await withSession(context, operands.S, (client) => client.request('capture', request));
    const line = incompleteLine(captured.incomplete);
    if (options.json) context.print(jsonLine(captured));
    else context.print(captured.text);
    if (line !== undefined && !options.json) context.note(line);
    return EXIT.done;
  },
});
