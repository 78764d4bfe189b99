import { exitShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import type { SessionState } from './state-file.ts';

const count = z.int().check(z.gte(0));

export const begunKillShape = z.object({
  /** Who is spared. */
  callerPid: z.nullable(z.int()),
  isHungUp: z.boolean(),
  /** What was found to belong to the session, whatever has become of its parents. */
  known: z.array(z.object({ pid: count, startTime: count })),
});

export const stateShape = z.object({
  schema: z.literal(1),
  id: z.string().check(z.regex(/^[0-9a-f]{12}$/)),
  name: z.string(),
  pid: count,
  startTime: count,
  bootId: z.optional(z.string()),
  command: z.array(z.string()),
  isLoginShell: z.optional(z.boolean()),
  wentDown: z.optional(z.boolean()),
  cwd: z.string(),
  cols: count,
  rows: count,
  createdAt: z.iso.datetime(),
  exitedAt: z.nullable(z.iso.datetime()),
  exitedAtMonotonicMs: z.optional(z.number()),
  exit: z.nullable(exitShape()),
  historyBytes: count,
  historyIn: z.enum(['disk', 'memory']),
  leases: z.array(z.object({ offset: count, leaseMs: count })),
  kill: z.optional(begunKillShape),
  terminal: z.optional(z.record(z.string(), z.string())),
});

/** Parses a state file. Throws Error with the reason if it is no valid state. */
export function parseState(text: string): SessionState {
  const parsed = stateShape.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}
