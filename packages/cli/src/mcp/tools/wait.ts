import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Client } from '@holdfast/client';
import {
  LONGEST_SEARCH_MS,
  type OutputMatch,
  OutputSearch,
  PromptWait,
  waitForExit,
  waitForMatch,
  waitForScreen,
  waitForSilence,
} from '@holdfast/client/waiting';
import type { Session } from '@holdfast/protocol';
import * as z from 'zod/v4';
import { matchShown } from '../match-shown.ts';
import { Progress } from '../progress.ts';
import { type Passage, readOutput } from '../read-output.ts';
import { readScreen } from '../read-screen.ts';
import { Refusal } from '../refusal.ts';
import { exitShape, formatOption, gapShape, maxBytesOption, terminalOperand } from '../shapes.ts';
import { exitInWords, type Terminals } from '../terminals.ts';
import { TimeLimit } from '../time-limit.ts';
import { registerTool } from '../tool.ts';

const TIMEOUT_MS = { standard: 30_000, max: 600_000 };
const STANDARD_BYTES = 4 * 1024;

interface Condition {
  readonly for: 'exit' | 'prompt' | 'idle' | 'regex';
  readonly regex: string | undefined;
  readonly onScreen: boolean;
  readonly idleMs: number;
  /** Output from here on counts. */
  readonly from: number | undefined;
}

interface Outcome {
  readonly met: boolean;
  readonly timedOut?: boolean;
  readonly match?: OutputMatch;
  readonly lastExit?: number;
  readonly hasMarks?: boolean;
}

export function registerWait(server: McpServer, terminals: Terminals): void {
  registerTool(server, {
    name: 'terminal_wait',
    title: 'Wait for a terminal',
    description:
      'Waits until the program has exited, its shell shows a prompt, it has printed nothing for a while, or its output (or screen) matches a regular expression. A time that is over is no error: timedOut says so, and you can wait again.',
    annotations: { readOnlyHint: true, openWorldHint: false },
    input: {
      terminal: terminalOperand,
      for: z
        .enum(['exit', 'prompt', 'idle', 'regex'])
        .describe('prompt needs a shell that marks its prompts (OSC 133); for others use idle or regex'),
      regex: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .describe(
          'a JavaScript regular expression on the text, without escape sequences; ^ and $ are the ends of lines. What was typed is echoed: do not match that',
        ),
      onScreen: z
        .boolean()
        .optional()
        .describe('regex: look at the text of the screen instead of the output, as editors and menus need'),
      idleMs: z.int().min(10).max(60_000).optional().describe('idle: for so long nothing; default 1000'),
      from: z
        .union([z.int().min(0), z.literal('start')])
        .optional()
        .describe(
          'regex, prompt: output from this offset on counts; default: since the last terminal_send, else all that is kept',
        ),
      timeoutMs: z
        .int()
        .min(0)
        .max(TIMEOUT_MS.max)
        .optional()
        .describe(`at most so long; default ${TIMEOUT_MS.standard}`),
      format: formatOption,
      maxBytes: maxBytesOption(STANDARD_BYTES),
    },
    output: {
      met: z.boolean(),
      timedOut: z.boolean(),
      state: z.enum(['running', 'exited']),
      exit: exitShape,
      lastExit: z.int().optional().describe('prompt: how the last command ended, if the shell tells'),
      match: z
        .object({
          text: z.string(),
          groups: z.array(z.string().nullable()),
          from: z.int(),
          to: z.int(),
          cutBytes: z.int().optional().describe('so much of text and groups is left out here, by maxBytes'),
        })
        .optional()
        .describe('regex: what was found in the output, and its offsets'),
      output: z.string().describe('the newest output since from; with onScreen, the screen'),
      from: z.int().describe('offset of its first byte'),
      next: z.int().describe('where to read on'),
      gaps: z.array(gapShape).describe('what is missing in it'),
    },
    async run(input, call) {
      const { timeoutMs = TIMEOUT_MS.standard, format = 'text', maxBytes = STANDARD_BYTES } = input;
      const { client, session } = await terminals.find(input.terminal);
      const since = input.from === 'start' ? undefined : (input.from ?? terminals.typedAt(session));
      const condition: Condition = {
        for: input.for,
        regex: input.regex,
        onScreen: input.onScreen ?? false,
        idleMs: input.idleMs ?? 1000,
        from: since,
      };
      using limit = new TimeLimit(timeoutMs, call.signal);
      using _progress = new Progress(call, timeoutMs);
      const outcome = await waited(client, session, { condition, limit, timeoutMs });
      const now = (await client.request('get', { session: session.id })).session;
      const shown = condition.onScreen
        ? await screenShown(client, now, { format, maxBytes })
        : await newestOutput(client, now, { since, format, maxBytes });
      const { state, exit } = now;
      const { met, timedOut = false, match, lastExit, hasMarks } = outcome;
      const answer = {
        met,
        timedOut,
        state,
        exit,
        ...shown,
        ...(lastExit === undefined ? {} : { lastExit }),
        ...(match ? { match: matchShown(match, maxBytes) } : {}),
      };
      return { answer, text: `${inWords(answer, { hasMarks, timeoutMs })}\n${shown.output}` };
    },
  });
}

interface Shown {
  readonly output: string;
  readonly from: number;
  readonly next: number;
  readonly gaps: Passage['gaps'];
}

async function newestOutput(
  client: Client,
  now: Session,
  how: { since: number | undefined; format: 'text' | 'ansi'; maxBytes: number },
): Promise<Shown> {
  const { since = now.historyStart, format, maxBytes } = how;
  const isCut = now.offset - since > maxBytes;
  const passage = await readOutput(client, now, { from: isCut ? undefined : since, format, maxBytes });
  const { text: output, from, next, gaps } = passage;
  return { output, from, next, gaps };
}

async function screenShown(
  client: Client,
  now: Session,
  how: { format: 'text' | 'ansi'; maxBytes: number },
): Promise<Shown> {
  const { text: output, next } = await readScreen(client, now, { ...how, historyLines: 0 });
  return { output, from: next, next, gaps: [] };
}

async function waited(
  client: Client,
  session: Session,
  how: { condition: Condition; limit: TimeLimit; timeoutMs: number },
): Promise<Outcome> {
  const { limit } = how;
  const prompt = new PromptWait();
  try {
    return await outcomeOf(client, session, { ...how, prompt });
  } catch (error) {
    if (!limit.isOver) throw error;
    return how.condition.for === 'prompt' && !prompt.hasMarks
      ? { met: false, timedOut: true, hasMarks: false }
      : { met: false, timedOut: true };
  }
}

async function outcomeOf(
  client: Client,
  { id }: Session,
  how: { condition: Condition; limit: TimeLimit; timeoutMs: number; prompt: PromptWait },
): Promise<Outcome> {
  const { condition, prompt } = how;
  const { from } = condition;
  const { signal } = how.limit;
  if (condition.for === 'exit') {
    await waitForExit(client, id, { signal });
    return { met: true };
  }
  if (condition.for === 'idle') {
    return { met: await waitForSilence(client, id, condition.idleMs, { signal }) };
  }
  if (condition.for === 'prompt') {
    const met = await prompt.run(client, id, { from, signal });
    const { lastExit, hasMarks } = prompt;
    return { met, hasMarks, ...(lastExit === undefined ? {} : { lastExit }) };
  }
  const deadlineMs = performance.now() + how.timeoutMs;
  const options = { deadlineMs, longestMs: LONGEST_SEARCH_MS, plain: true };
  const search = new OutputSearch(expressionOf(condition.regex), options);
  try {
    if (condition.onScreen) return { met: await waitForScreen(client, id, search, { signal }) };
    const match = await waitForMatch(client, id, search, { from, signal });
    return match ? { met: true, match } : { met: false };
  } catch (error) {
    const isSlow = error instanceof Error && 'code' in error && error.code === 'E_BAD_REQUEST';
    if (!isSlow) throw error;
    const hint = 'Nest no repetition in another, as (a+)+ does; look for a fixed text.';
    throw new Refusal('E_BAD_REQUEST', error.message, hint);
  }
}

function expressionOf(text: string | undefined): RegExp {
  if (text === undefined) throw new Refusal('E_BAD_REQUEST', 'there is no regex', 'Give regex, too.');
  try {
    return new RegExp(text, 'gm');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      'E_BAD_REQUEST',
      `this is no regular expression: ${reason}`,
      'It is one of JavaScript: ( ) [ ] { } . * + ? ^ $ | \\ are written with \\ in front to mean themselves.',
    );
  }
}

function inWords(
  answer: { met: boolean; timedOut: boolean; state: string; exit: z.infer<typeof exitShape> },
  { hasMarks, timeoutMs }: { hasMarks: boolean | undefined; timeoutMs: number },
): string {
  const ended = answer.state === 'exited' ? `, ${exitInWords(answer.exit)}` : '';
  if (answer.met) return `It came to that${ended}.`;
  if (hasMarks === false && answer.state === 'running')
    return 'This shell marks no prompts (OSC 133): wait for idle, or for a regex.';
  if (answer.timedOut) return `Not within ${timeoutMs} ms; it still runs, and you can wait again.`;
  return `The program ended before that${ended}.`;
}
