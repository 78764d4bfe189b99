import { pathToFileURL } from 'node:url';
import { netConnector } from '@holdfast/client';
import { ownError } from '@holdfast/protocol';
import { usageError } from '../arguments/usage-error.ts';
import { defineCommand } from '../command.ts';
import { connectIfRunning, connectOrStart } from '../connection/connect.ts';
import { mcpEntry } from '../connection/daemon-entry.ts';
import { loginOpenFilesLimit } from '../connection/login-limits.ts';
import { requestToOpen } from '../connection/request-to-open.ts';
import type { Context } from '../context.ts';
import type { Daemons, Opening } from '../mcp/agent-options.ts';
import { whyNoLabel } from '../mcp/label.ts';
import { EXIT } from '../output/exit-codes.ts';

export const mcpCommand = defineCommand({
  name: 'mcp',
  summary: 'give a coding agent terminals, by the Model Context Protocol on stdin and stdout',
  cannot: "can't serve the agent",
  elsewhere: 'daemon',
  operands: {},
  options: {
    label: {
      kind: 'value',
      value: 'NAME',
      summary: 'whose terminals these are (default: what the client calls itself)',
    },
    'read-only': { kind: 'flag', summary: 'only look and wait: open, type and end nothing' },
    'allow-command': {
      kind: 'values',
      value: 'CMD',
      summary: 'only this program may be started, or exactly this command line; repeatable, needs --label',
      complete: 'command',
    },
    'allow-folder': {
      kind: 'values',
      value: 'DIR',
      summary: 'programs may be started only in and below this folder; repeatable, needs --label',
      complete: 'folder',
    },
    'all-terminals': { kind: 'flag', summary: 'terminals of other labels and of people, too' },
  },
  details: [
    'An agent starts it by itself: docs/agents.md says how it is told to. It ends with stdin; the terminals stay, and an',
    'agent with the same label finds them again. What a program does that is allowed, nothing here limits.',
    'With --host the terminals are on that machine, and so are their programs, folders and environment.',
  ],
  async run({ options }, context) {
    const { label, 'read-only': readOnly, 'all-terminals': allTerminals } = options;
    const whyNot = label === undefined ? undefined : whyNoLabel(label);
    if (whyNot !== undefined) throw usageError(`--label: ${whyNot}`);
    const { 'allow-command': commands, 'allow-folder': folders } = options;
    if (commands.length + folders.length > 0 && label === undefined && !readOnly) {
      throw usageError(
        '--allow-command and --allow-folder need --label: else the client chooses whose terminals it has',
      );
    }
    if (commands.length > 0 && allTerminals && !readOnly) {
      throw usageError(
        '--allow-command and --all-terminals exclude each other: any shell could be typed into',
      );
    }
    if (commands.length + folders.length > 0 && context.host !== undefined) {
      throw usageError(
        '--allow-command and --allow-folder are looked up on this machine, and not with --host: start it there',
      );
    }
    const { serveAgent }: typeof import('../mcp/main.ts') = await import(pathToFileURL(mcpEntry()).href);
    try {
      await serveAgent({
        daemons: daemonsOf(context),
        allowance: { label, readOnly, allTerminals, commands, folders },
        env: context.env,
        cwd: context.host === undefined ? process.cwd() : undefined,
      });
    } catch (error) {
      throw ownError(error);
    }
    return EXIT.done;
  },
});

function daemonsOf(context: Context): Daemons {
  const connection = () => ({ connector: netConnector(context.socketPath), reconnect: true });
  // What starts this is a program that has raised its own limit, and so would every terminal.
  const openFilesLimit = loginOpenFilesLimit();
  return {
    connectIfRunning: () => connectIfRunning(context, connection()),
    connectOrStart: () => connectOrStart(context, connection()),
    openRequest: async (opening) => {
      const request = await requestToOpen(context, choicesOf(opening), opening.command);
      return context.host !== undefined || openFilesLimit === undefined
        ? request
        : { ...request, openFilesLimit };
    },
  };
}

function choicesOf({ cwd, env, cols, rows, historyBytes }: Opening) {
  return {
    name: undefined,
    cwd,
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    size: `${cols}x${rows}`,
    history: historyBytes === undefined ? undefined : String(historyBytes),
    'history-in': undefined,
  };
}
