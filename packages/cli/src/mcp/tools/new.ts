import path from 'node:path';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Session } from '@holdfast/protocol';
import * as z from 'zod/v4';
import type { Daemons } from '../agent-options.ts';
import type { CommandRules } from '../command-rules.ts';
import type { FolderRules } from '../folder-rules.ts';
import { Refusal } from '../refusal.ts';
import { terminalShape } from '../shapes.ts';
import { inWords, type Terminals } from '../terminals.ts';
import { registerTool } from '../tool.ts';

/** Running terminals of one label: an agent that opens one for each step must hear of it. */
const RUNNING_MAX = 64;
const SIZE = { cols: 120, rows: 40 };
const HISTORY_BYTES = { min: 64 * 1024, max: 64 * 1024 * 1024 };
/** Names of one program that are tried. */
const NUMBERS_MAX = 1000;
const OWN_NAME_CHARACTERS_MAX = 24;

interface Rules {
  readonly daemons: Daemons;
  readonly commands: CommandRules;
  readonly folders: FolderRules;
}

export function registerNew(server: McpServer, terminals: Terminals, rules: Rules): void {
  registerTool(server, {
    name: 'terminal_new',
    title: 'Open a terminal',
    description:
      'Opens a terminal and starts a program in it, without waiting for anything. It goes on when you end, until the program ends or terminal_kill.',
    annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    input: {
      command: z
        .array(z.string())
        .max(4096)
        .optional()
        .describe(
          'the program, and each argument by itself; default: a login shell. For shell syntax: ["sh", "-c", "…"]',
        ),
      cwd: z
        .string()
        .optional()
        .describe(
          'folder to start in; default: that of this server, or on another machine the home folder there',
        ),
      name: z
        .string()
        .min(1)
        .max(OWN_NAME_CHARACTERS_MAX)
        .optional()
        .describe('what to call it; default: after its program'),
      env: z
        .record(z.string(), z.string())
        .optional()
        .describe("variables on top of this server's environment"),
      cols: z.int().min(1).max(4096).optional().describe(`columns; default ${SIZE.cols}`),
      rows: z.int().min(1).max(4096).optional().describe(`rows; default ${SIZE.rows}`),
      historyBytes: z
        .int()
        .min(HISTORY_BYTES.min)
        .max(HISTORY_BYTES.max)
        .optional()
        .describe('how much output is kept; default 1048576'),
    },
    output: { terminal: terminalShape },
    async run({ command = [], cwd, name, env = {}, cols = SIZE.cols, rows = SIZE.rows, historyBytes }) {
      if (rules.commands.areThere && Object.keys(env).length > 0) {
        throw new Refusal('E_FORBIDDEN', 'no environment may be set here', 'Leave env out.');
      }
      const allowed = rules.commands.check(command);
      const opening = { command: allowed, cwd: rules.folders.check(cwd), env, cols, rows, historyBytes };
      await refuseTooMany(terminals);
      const client = await terminals.connectOrStart();
      // One for all names: with what a program starts on another machine is asked for there.
      const request = await rules.daemons.openRequest(opening);
      const open = async (own: string) =>
        (await client.request('open', { ...request, name: terminals.fullName(own) })).session;
      const session = name === undefined ? await openNumbered(baseName(command), open) : await open(name);
      const terminal = terminals.tell(session);
      return { answer: { terminal }, text: `Opened ${inWords(terminal)}, ${cols}x${rows}.` };
    },
  });
}

/** `npm`, else `npm-2` and so on: names of terminals that have exited are taken, too. */
async function openNumbered(base: string, open: (name: string) => Promise<Session>): Promise<Session> {
  for (let number = 1; ; number += 1) {
    try {
      return await open(number === 1 ? base : `${base}-${number}`);
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'E_NAME_TAKEN';
      if (!isTaken || number >= NUMBERS_MAX) throw error;
    }
  }
}

function baseName([program = '']: readonly string[]): string {
  const name = path
    .basename(program)
    .replace(/[^\p{L}\p{N}._-]+/gu, '')
    .replace(/^-+/, '');
  return name.slice(0, OWN_NAME_CHARACTERS_MAX - 4) || 'shell';
}

async function refuseTooMany(terminals: Terminals): Promise<void> {
  const running = (await terminals.list()).filter(({ state }) => state === 'running');
  if (running.length < RUNNING_MAX) return;
  throw new Refusal(
    'E_LIMIT',
    `${running.length} terminals run already`,
    'terminal_kill those that are not needed any more; a shell runs any number of commands in one terminal.',
  );
}
