import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod/v4';
import { terminalOperand, terminalShape } from '../shapes.ts';
import { inWords, type Terminals } from '../terminals.ts';
import { registerTool } from '../tool.ts';

export function registerResize(server: McpServer, terminals: Terminals): void {
  registerTool(server, {
    name: 'terminal_resize',
    title: 'Resize a terminal',
    description:
      'Sets the size of a terminal; its program is told. A person who types into it may set another.',
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: {
      terminal: terminalOperand,
      cols: z.int().min(1).max(4096),
      rows: z.int().min(1).max(4096),
    },
    output: { terminal: terminalShape },
    async run({ terminal: reference, cols, rows }) {
      const { client, session } = await terminals.find(reference);
      const resized = await client.request('resize', { session: session.id, cols, rows });
      const terminal = terminals.tell(resized.session);
      return { answer: { terminal }, text: `${inWords(terminal)}, ${terminal.cols}x${terminal.rows}` };
    },
  });
}
