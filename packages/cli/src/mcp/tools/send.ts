import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Input } from '@holdfast/client';
import { abortable } from '@holdfast/client/waiting';
import * as z from 'zod/v4';
import type { CommandRules } from '../command-rules.ts';
import type { FolderRules } from '../folder-rules.ts';
import { bytesOfKey, KEY_NAMES } from '../keys.ts';
import { Refusal } from '../refusal.ts';
import { terminalOperand } from '../shapes.ts';
import type { Terminals } from '../terminals.ts';
import { TimeLimit } from '../time-limit.ts';
import { registerTool } from '../tool.ts';

/** A quarter of the window of input: the daemon takes all of it at once. */
const TEXT_CHARACTERS_MAX = 16 * 1024;
const TIMEOUT_MS = { standard: 10_000, max: 60_000 };

interface Typed {
  readonly outcome: 'typed' | 'waiting' | 'unknown';
  readonly typedBytes: number;
}

/** What may be typed into, which is what may be started. */
interface Rules {
  readonly commands: CommandRules;
  readonly folders: FolderRules;
}

export function registerSend(server: McpServer, terminals: Terminals, rules: Rules): void {
  registerTool(server, {
    name: 'terminal_send',
    title: 'Type into a terminal',
    description:
      "Types text as it is, then keys, then Enter if asked for; returns when the program's terminal has all of it. Then wait with terminal_wait, or look with terminal_read.",
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
    input: {
      terminal: terminalOperand,
      text: z.string().max(TEXT_CHARACTERS_MAX).optional().describe('what to type; no Enter is added'),
      keys: z
        .array(z.enum(KEY_NAMES))
        .max(100)
        .optional()
        .describe('keys to press after the text, such as "ctrl-c", "escape", "up"'),
      enter: z.boolean().optional().describe('press Enter at the end'),
      timeoutMs: z
        .int()
        .min(0)
        .max(TIMEOUT_MS.max)
        .optional()
        .describe(`how long to wait for a program that does not read; default ${TIMEOUT_MS.standard}`),
    },
    output: {
      outcome: z
        .enum(['typed', 'waiting'])
        .describe(
          'waiting: the program does not read now; what is left is typed when it does. Do not send it again',
        ),
      typedBytes: z.int().describe('so many have reached the terminal'),
      totalBytes: z.int(),
      offset: z.int().describe('where the output ended before: what comes of this is behind it'),
    },
    async run({ terminal, text = '', keys = [], enter = false, timeoutMs = TIMEOUT_MS.standard }, call) {
      const bytes = Buffer.from(`${text}${keys.map(bytesOfKey).join('')}${enter ? '\r' : ''}`);
      if (bytes.length === 0) {
        throw new Refusal('E_BAD_REQUEST', 'there is nothing to type', 'Give text, keys, or enter: true.');
      }
      const { client, session } = await terminals.find(terminal);
      rules.commands.checkTypedInto(session.command);
      rules.folders.checkTypedInto(session.cwd);
      terminals.typed(session);
      const input = await client.openInput(session.id, { signal: call.signal });
      // Only now: until then nothing is typed, and no program is waited for.
      using limit = new TimeLimit(timeoutMs, call.signal);
      const { outcome, typedBytes } = await type(input, { bytes, limit });
      const totalBytes = bytes.length;
      if (outcome === 'unknown') {
        throw new Refusal(
          'E_INPUT_UNKNOWN',
          `nobody can know whether all ${totalBytes} bytes were typed; ${typedBytes} were`,
          'Look with terminal_read before you type anything again.',
        );
      }
      const answer = { outcome, typedBytes, totalBytes, offset: session.offset };
      const done = `Typed ${typedBytes} of ${totalBytes} bytes`;
      return {
        answer,
        text: outcome === 'typed' ? `${done}.` : `${done}; the rest waits until the program reads.`,
      };
    },
  });
}

async function type(input: Input, { bytes, limit }: { bytes: Uint8Array; limit: TimeLimit }): Promise<Typed> {
  const writing = input.write(bytes);
  try {
    await abortable(writing, limit.signal);
    return { outcome: 'typed', typedBytes: input.done };
  } catch (error) {
    if (!limit.isOver) throw error;
    // Whoever has got it all types it when the program reads.
    return { outcome: input.unsentBytes === 0 ? 'waiting' : 'unknown', typedBytes: input.done };
  } finally {
    writing.catch(() => undefined); // Told above.
    void input.close();
  }
}
