import { eventShape, exitShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { carriedBytesShape } from './luggage.ts';
import { begunKillShape, stateShape } from './state-parser.ts';

/**
 * A session as it is handed to a successor: what its state file says, and what lives only in the daemon's memory.
 * Descriptors are indices into the list that travels beside it.
 */

const count = z.int().check(z.gte(0));
const size = z.object({ cols: count, rows: count });

export const suspendedInputShape = z.object({
  streams: z.array(z.object({ key: z.string(), slot: count, received: count, done: count })),
  queue: z.array(
    z.object({
      key: z.string(),
      bytes: carriedBytesShape,
      /** False: they only count as done. Absent: true. */
      isTyped: z.optional(z.boolean()),
    }),
  ),
  /** To queries, which no program has taken yet. Absent: there are none. */
  answers: z.optional(carriedBytesShape),
  /** The program has taken a part of the first one. Absent: it has not. */
  isAnswerBegun: z.optional(z.boolean()),
});
export type SuspendedInput = z.infer<typeof suspendedInputShape>;

export const suspendedLeaseShape = z.object({
  offset: count,
  leaseMs: count,
  /** For how long it has been running down; null = it stands at the end. */
  idleForMs: z.nullable(z.number()),
  hasExpired: z.boolean(),
});
export type SuspendedLease = z.infer<typeof suspendedLeaseShape>;

export const suspendedSubscriptionShape = z.object({
  /** Index of the connection it belongs to. */
  connection: count,
  channel: count,
  mode: z.enum(['viewer', 'exact']),
  readOnly: z.boolean(),
  viewport: z.nullable(size),
  cursor: count,
  /** Absent: no window. */
  windowBytes: z.optional(count),
  acknowledged: z.optional(count),
  isBehind: z.boolean(),
  isLeader: z.boolean(),
  lease: z.nullable(suspendedLeaseShape),
  notices: z.array(z.object({ offset: count, event: eventShape() })),
});
export type SuspendedSubscription = z.infer<typeof suspendedSubscriptionShape>;

export const suspendedGroupShape = z.object({
  group: count,
  /** Of its leader; null where that was gone. */
  pidfd: z.nullable(count),
});
export type SuspendedGroup = z.infer<typeof suspendedGroupShape>;

export const suspendedKillShape = z.extend(begunKillShape, {
  /** Process groups that were seen in the session. Absent: only its first is known. */
  groups: z.optional(z.array(suspendedGroupShape)),
});
export type SuspendedKill = z.infer<typeof suspendedKillShape>;

const suspendedQueryShape = z.object({ to: count, text: z.string() });

const programShape = z.object({
  pid: count,
  slavePath: z.string(),
  master: count,
  pidfd: z.nullable(count),
});

export const suspendedSessionShape = z.object({
  state: stateShape,
  warnings: z.array(z.string()),
  /** Whether the state file holds the state; where it is not said, it may not. */
  isSaved: z.optional(z.boolean()),
  /** Null for one that has exited. */
  program: z.nullable(programShape),
  /** What ran in the foreground when somebody last looked; absent = nobody has. */
  foreground: z.optional(z.nullable(z.string())),
  /** The status is known and what the kernel still holds is being read. */
  ended: z.nullable(z.object({ exit: exitShape(), drainLimit: count })),
  /** Where the history has no files that could be opened by their path. */
  anonymousHistory: z.nullable(z.object({ ledger: count, marks: count, ring: count, capacity: count })),
  input: suspendedInputShape,
  /** What the program has asked, with where in the output, and is being answered. Absent from builds that answer nothing. */
  queries: z.optional(z.array(suspendedQueryShape)),
  /** Of subscribers that are away. */
  orphanLeases: z.array(suspendedLeaseShape),
  /** In the order of attaching. */
  subscriptions: z.array(suspendedSubscriptionShape),
  /** It is being killed; its program itself may have ended. */
  kill: z.nullable(suspendedKillShape),
});
export type SuspendedSession = z.infer<typeof suspendedSessionShape>;

/** A session among others, and where its descriptors begin: their indices in it count from there. */
export interface PackedSession {
  readonly firstFd: number;
  readonly session: SuspendedSession;
}

/**
 * Whether a successor can make the session before it is handed over: it needs nothing but a terminal and a process then, and
 * nothing in it runs down meanwhile.
 */
export function canBeMadeEarly(session: SuspendedSession): boolean {
  const { state, program, ended, anonymousHistory, input, orphanLeases, kill } = session;
  const isRunning = program !== null && state.exit === null;
  const hasExited = program === null && state.exit !== null;
  return (
    (isRunning || hasExited) &&
    ended === null &&
    anonymousHistory === null &&
    input.queue.length === 0 &&
    input.answers === undefined &&
    orphanLeases.length === 0 &&
    kill === null
  );
}
