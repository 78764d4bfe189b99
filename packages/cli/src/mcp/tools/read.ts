import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod/v4';
import { readOutput } from '../read-output.ts';
import { readScreen } from '../read-screen.ts';
import { exitShape, formatOption, gapShape, maxBytesOption, terminalOperand } from '../shapes.ts';
import type { Terminals } from '../terminals.ts';
import { registerTool } from '../tool.ts';

const STANDARD_BYTES = 16 * 1024;

export function registerRead(server: McpServer, terminals: Terminals): void {
  registerTool(server, {
    name: 'terminal_read',
    title: 'Read a terminal',
    description:
      'Shows the screen as it is now, or output from an offset on: exact, nothing missing and nothing twice if you go on at "next". Without from, output is the newest.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: {
      terminal: terminalOperand,
      what: z
        .enum(['screen', 'output'])
        .optional()
        .describe('default: output if there is a from, else screen'),
      from: z
        .union([z.int().min(0), z.literal('start')])
        .optional()
        .describe('output: an offset, or "start", the oldest that is kept'),
      format: formatOption,
      maxBytes: maxBytesOption(STANDARD_BYTES),
      historyLines: z.int().min(0).max(1000).optional().describe('screen: so many lines above it, too'),
    },
    output: {
      what: z.enum(['screen', 'output']),
      text: z.string(),
      state: z.enum(['running', 'exited']),
      exit: exitShape,
      next: z.int().describe('where to read on'),
      end: z.int().describe('the end of the output now: there is more if next is before it'),
      from: z.int().optional().describe('output: offset of its first byte'),
      gaps: z.array(gapShape).optional().describe('output: what is missing'),
      cols: z.int().optional(),
      rows: z.int().optional(),
      cursor: z
        .object({ x: z.int(), y: z.int(), hidden: z.boolean() })
        .optional()
        .describe('screen: column and row, from 0'),
      title: z.string().optional(),
      fullScreen: z.boolean().optional().describe('screen: the program has all of it, as an editor does'),
      incomplete: z.array(z.string()).optional().describe('screen: why it may not be quite true'),
      cutBytes: z.int().optional().describe('screen: so much was left out at the top, to keep to maxBytes'),
    },
    async run(input) {
      const { from, format = 'text', maxBytes = STANDARD_BYTES, historyLines = 0 } = input;
      const { what = from === undefined ? 'screen' : 'output' } = input;
      const { client, session } = await terminals.find(input.terminal);
      const { state, exit } = session;
      if (what === 'screen') {
        const screen = await readScreen(client, session, { format, maxBytes, historyLines });
        return { answer: { what, state, exit, ...screen }, text: screen.text };
      }
      const first = from === 'start' ? session.historyStart : from;
      const passage = await readOutput(client, session, { from: first, format, maxBytes });
      const missing = passage.gaps
        .map((gap) => `[missing (${gap.reason}): ${gap.from}–${gap.to}]\n`)
        .join('');
      const rest = passage.end - passage.next;
      const more = rest > 0 ? `\n[${rest} bytes more: read on from ${passage.next}]` : '';
      return { answer: { what, state, exit, ...passage }, text: `${missing}${passage.text}${more}` };
    },
  });
}
