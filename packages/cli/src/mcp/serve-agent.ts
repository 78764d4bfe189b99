import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { VERSION } from '@holdfast/protocol';
import type { AgentOptions } from './agent-options.ts';
import { CommandRules } from './command-rules.ts';
import { DaemonLink } from './daemon-link.ts';
import { FolderRules } from './folder-rules.ts';
import { labelOf } from './label.ts';
import { Terminals } from './terminals.ts';
import { registerKill } from './tools/kill.ts';
import { registerList } from './tools/list.ts';
import { registerNew } from './tools/new.ts';
import { registerRead } from './tools/read.ts';
import { registerResize } from './tools/resize.ts';
import { registerSend } from './tools/send.ts';
import { registerWait } from './tools/wait.ts';

const INSTRUCTIONS = `Terminals that stay: they go on when you end, and you find them again by terminal_list.
Open one with terminal_new, type with terminal_send, wait with terminal_wait rather than by reading again and again, look with terminal_read.
Offsets number the bytes of a terminal's output: keep the "offset" or "next" of an answer, and read on from there.
Full-screen programs (editors, menus) are read as a screen, everything else as output.`;

/** Would check what a person has answered, if this server asked anybody: the SDK's own compiles schemas, and is large. */
const NOBODY_IS_ASKED = {
  getValidator(): never {
    throw new Error('this server asks nobody');
  },
};

/** Serves one agent on stdin and stdout; resolves when stdin ends, or a signal says so. The terminals stay. */
export async function serveAgent(options: AgentOptions): Promise<void> {
  const { allowance, daemons, env, cwd } = options;
  // Both throw for what can't be allowed: before anybody is answered.
  const commands = new CommandRules(allowance.commands, {
    path: env['PATH'] ?? '',
    cwd,
    shell: env['SHELL'],
  });
  const folders = new FolderRules(allowance.folders, cwd);
  const server = new McpServer(
    { name: 'holdfast', title: 'Holdfast terminals', version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS, jsonSchemaValidator: NOBODY_IS_ASKED },
  );
  const link = new DaemonLink(daemons);
  const label = () => allowance.label ?? labelOf(server.server.getClientVersion()?.name);
  const terminals = new Terminals(link, { label, isAll: allowance.allTerminals });

  registerList(server, terminals);
  registerRead(server, terminals);
  registerWait(server, terminals);
  if (!allowance.readOnly) {
    registerNew(server, terminals, { daemons, commands, folders });
    registerSend(server, terminals, { commands, folders });
    registerResize(server, terminals);
    registerKill(server, terminals);
  }

  const ended = untilOver();
  await server.connect(new StdioServerTransport());
  await ended;
  await server.close();
  link.close();
}

/** Resolves when nobody asks any more. */
function untilOver(): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error'] as const) process.stdin.once(event, () => resolve());
    process.stdout.on('error', () => resolve());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}
