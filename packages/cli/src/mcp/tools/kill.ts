import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Client } from '@holdfast/client';
import type { Session } from '@holdfast/protocol';
import * as z from 'zod/v4';
import { terminalOperand, terminalShape } from '../shapes.ts';
import { inWords, type Terminals } from '../terminals.ts';
import { registerTool } from '../tool.ts';

const SIGNALS = ['INT', 'TERM', 'HUP', 'QUIT', 'KILL', 'STOP', 'CONT', 'USR1', 'USR2', 'WINCH'] as const;
/** By then everything has had its SIGHUP, and many a SIGKILL. */
const KILL_TIMEOUT_MS = 30_000;

export function registerKill(server: McpServer, terminals: Terminals): void {
  registerTool(server, {
    name: 'terminal_kill',
    title: 'End a terminal',
    description:
      'Ends the program of a terminal and all that it has started; of one that has exited, nothing. With signal it only sends that to what runs in the foreground (INT is what ctrl-c does).',
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    input: {
      terminal: terminalOperand,
      signal: z.enum(SIGNALS).optional().describe('only send this signal, and return at once'),
      forget: z.boolean().optional().describe('drop it and its output, too: it is not listed any more'),
    },
    output: { terminal: terminalShape, forgotten: z.boolean() },
    async run({ terminal: reference, signal, forget = false }) {
      const { client, session: found } = await terminals.find(reference);
      let session = found;
      if (signal !== undefined) {
        await client.request('signal', { session: found.id, signal: `SIG${signal}` });
      } else if (found.state === 'running') {
        session = await killed(client, found);
      }
      const forgotten = forget && session.state === 'exited';
      if (forgotten) {
        await client.request('forget', { session: session.id });
        terminals.forget(session);
      }
      const terminal = terminals.tell(session);
      const done = signal === undefined ? inWords(terminal) : `Sent SIG${signal} to ${inWords(terminal)}`;
      return { answer: { terminal, forgotten }, text: `${done}${forgotten ? '; forgotten' : ''}` };
    },
  });
}

async function killed(client: Client, { id }: Session): Promise<Session> {
  try {
    return (await client.request('kill', { session: id }, { timeoutMs: KILL_TIMEOUT_MS })).session;
  } catch (error) {
    // It has just ended by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'E_EXITED')) throw error;
    return (await client.request('get', { session: id })).session;
  }
}
