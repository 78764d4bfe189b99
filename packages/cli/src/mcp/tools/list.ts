import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import * as z from 'zod/v4';
import { terminalShape } from '../shapes.ts';
import { inWords, type Terminals } from '../terminals.ts';
import { registerTool } from '../tool.ts';

const LISTED_MAX = 100;

export function registerList(server: McpServer, terminals: Terminals): void {
  registerTool(server, {
    name: 'terminal_list',
    title: 'List terminals',
    description:
      'Lists your terminals, newest first, those that have exited in the last 24 hours too. Terminals outlive you: look here first when you start.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: { running: z.boolean().optional().describe('only those that run') },
    output: {
      terminals: z.array(terminalShape),
      more: z.int().describe('how many older ones there are besides'),
    },
    async run({ running = false }) {
      const sessions = (await terminals.list()).filter(({ state }) => !running || state === 'running');
      const told = sessions.slice(0, LISTED_MAX).map((session) => terminals.tell(session));
      const more = sessions.length - told.length;
      const lines = told.map((each) => `${inWords(each)}: ${each.command}`);
      if (more > 0) lines.push(`and ${more} older ones`);
      return { answer: { terminals: told, more }, text: lines.join('\n') || 'There is no terminal.' };
    },
  });
}
