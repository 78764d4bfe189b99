import * as z from 'zod/v4';

/** Which terminal is meant. */
export const terminalOperand = z
  .string()
  .min(1)
  .max(256)
  .describe('the terminal: its id, or its name as terminal_list shows it');

export const exitShape = z
  .object({ code: z.int().optional(), signal: z.string().optional(), lost: z.literal(true).optional() })
  .nullable()
  .describe('how the program ended: {code}, {signal}, or {lost} if nobody can know; null while it runs');

/** What is told of a terminal. */
export const terminalShape = z.object({
  id: z.string(),
  name: z.string().describe('its own name; with that of a label in front only if it is of another'),
  state: z.enum(['running', 'exited']),
  exit: exitShape,
  command: z.string().describe('as it was started, shortened'),
  foreground: z.string().nullable().describe('what runs in the foreground; null if that is not known'),
  cwd: z.string().describe('the folder in which it was started'),
  pid: z.int(),
  cols: z.int(),
  rows: z.int(),
  offset: z.int().describe('the end of its output: bytes since it began'),
  historyStart: z.int().describe('the oldest offset that is kept'),
  createdAt: z.string(),
  warnings: z.array(z.string()).optional(),
});

export const gapShape = z.object({
  from: z.int(),
  to: z.int(),
  reason: z
    .enum(['evicted', 'crash'])
    .describe('evicted: no longer kept; crash: up to so many bytes may be missing at from'),
});

export const formatOption = z
  .enum(['text', 'ansi'])
  .optional()
  .describe('text (default): without escape sequences; ansi: with them');

/** How much text an answer may hold. */
export function maxBytesOption(standard: number) {
  const largest = 256 * 1024;
  return z
    .int()
    .min(64)
    .max(largest)
    .optional()
    .describe(`at most so much, 64 to ${largest}; default ${standard}`);
}
