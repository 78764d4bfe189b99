import { buildShape, exitShape, LIMITS, sessionShape } from '@holdfast/protocol';
import { HISTORY_KINDS, NAMESPACE } from '@holdfast/supervisor';
import * as z from 'zod';

export const namespace = z
  .string()
  .regex(NAMESPACE, 'not a namespace')
  .optional()
  .describe('which daemon: each namespace has its own; default: that of the host');

/** What a machine is called in the fleet. */
export const machineName = z.string().min(1).max(63);
export const machine = machineName
  .optional()
  .describe('which machine of the fleet, whose daemon has no namespace; default: that of the host');

/** An id, a unique prefix of one, or a name. */
export const sessionRef = z
  .string()
  .min(1)
  .max(256)
  .describe('a session: its id, a unique prefix of it, or its name');

const extent = z.int().min(1).max(LIMITS.columnsOrRows);
export const size = z.object({ cols: extent, rows: extent });

const { shape } = sessionShape();
/** As the daemon has it. */
export const session = z.object({
  ...shape,
  exit: z.nullable(described(exitShape(), 'how the program ended; lost when nobody can know')),
  offset: described(shape.offset, 'bytes of output so far'),
  historyStart: described(shape.historyStart, 'offset of the oldest byte kept'),
});

/** What became of sessions that were lost. */
export const restoredLost = z.object({
  restored: z.array(session),
  failed: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        code: z.string(),
        message: z.string(),
        retry: z.boolean(),
      }),
    )
    .describe('those that stay as they were, and why'),
});
export type RestoredLost = z.infer<typeof restoredLost>;

/** Text that can become a C string. */
const cString = z.string().refine((text) => !text.includes('\0'), 'contains a NUL character');

export const createInput = z.object({
  namespace,
  machine,
  command: z.array(cString).max(1_024).default([]).describe('program and arguments; empty: a login shell'),
  cwd: cString
    .optional()
    .describe("absolute path, or one that begins with ~/; default: the host user's home folder"),
  env: z
    .record(z.string().regex(/^[^=\0]+$/), cString)
    .default({})
    .describe("added to the host's environment"),
  name: z.string().max(LIMITS.nameCharacters).optional(),
  cols: extent.default(80),
  rows: extent.default(24),
  historyBytes: z.int().min(LIMITS.historyBytesMin).max(LIMITS.historyBytesMax).optional(),
  historyIn: z.enum(['disk', 'memory']).optional(),
});
export type CreateInput = z.infer<typeof createInput>;

export const waitInput = z.object({
  namespace,
  machine,
  session: sessionRef,
  text: z
    .string()
    .min(1)
    .max(1_024)
    .optional()
    .describe('until the output has this text; earlier output counts'),
  idleMs: z.int().min(1).max(3_600_000).optional().describe('until nothing was printed for so long'),
  timeoutMs: z.int().min(1).max(600_000).default(60_000),
});
export type WaitInput = z.infer<typeof waitInput>;

export const waitResult = z.object({
  met: z
    .enum(['exited', 'text', 'idle', 'timeout'])
    .describe('what happened first: exited also when a text or a silence was waited for'),
  session,
});

export const captureInput = z.object({
  namespace,
  machine,
  session: sessionRef,
  format: z
    .enum(['text', 'ansi', 'html'])
    .default('text')
    .describe('text, text with colours, or a piece of a web page'),
  historyLines: z
    .int()
    .min(0)
    .max(LIMITS.captureHistoryLines)
    .default(0)
    .describe('so many lines above the screen, too, if there are as many'),
});

export const captured = z.object({
  offset: z.int().describe('where in the output this is shown: all before it, and nothing behind it'),
  cols: z.int(),
  rows: z.int(),
  cursor: z
    .object({ x: z.int(), y: z.int(), hidden: z.boolean() })
    .describe('from the upper left corner, both from 0'),
  alternate: z
    .boolean()
    .describe('the program has the alternate buffer, which has no lines above the screen'),
  title: z.string().optional().describe('absent if the program has given none'),
  incomplete: z
    .array(z.string())
    .describe('why it may differ from what a terminal shows that was always there; empty if it does not'),
  gap: z
    .object({ from: z.int(), to: z.int() })
    .optional()
    .describe('output that is not in it: from its first byte to behind its last'),
  text: z.string(),
});

export const health = z.object({
  reachable: z.boolean(),
  unreachableForMs: z.int().nullable().describe('null while it is reachable'),
});

export const historyEntry = z.object({
  kind: z.enum(HISTORY_KINDS),
  at: z.string(),
  from: z.string().nullable().describe('VERSION+BUILD, or BUILD'),
  to: z.string().nullable(),
  sessions: z.int().nullable().describe('kept by an update or a resume, ended by a restart'),
  pauseMs: z.number().nullable().describe('for which output paused'),
  reason: z.string().nullable().describe('why it failed'),
});

/** A token that lets its bearer see one session, without what is secret of it. */
export const shared = z.object({
  id: z.string(),
  namespace: z.string(),
  session: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
});

export const updateStatus = z.object({
  pending: z.boolean().describe('the daemon that runs is of another build than this host'),
  running: z.string().nullable().describe('VERSION+BUILD; null while it is not known'),
  available: z.string().nullable(),
  failure: z.object({ code: z.string(), reason: z.string(), at: z.string() }).nullable(),
  underWay: z
    .object({
      to: z.string().nullable().describe('VERSION+BUILD; null: whatever the file is'),
      phase: z.string().describe('starting, previewing or settling; later versions may have others'),
      since: z.string(),
      successor: z.int().nullable().describe('pid of the process that is about to take over'),
    })
    .nullable()
    .describe('an update that anybody has asked for, until its hand-over'),
});

const runningBuild = z.object(buildShape().shape);

export const updateResult = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    from: runningBuild.nullable().describe('null: the keeper has started the daemon, since none ran'),
    to: runningBuild,
    sessions: z.int().describe('running ones, all kept'),
    clients: z.object({ kept: z.int(), dropped: z.int() }).optional(),
    pauseMs: z.number().optional(),
    keeper: z.string().nullable().describe('why the keeper goes on as another build; null: it does not'),
  }),
  z.object({
    ok: z.literal(false),
    code: z.string(),
    reason: z.string(),
    sessions: z.int().nullable().describe('sessions that run on; null if nobody could be asked'),
  }),
]);

export const restartResult = z.object({
  ended: z.int().nullable().describe('sessions that ran; null if no daemon could tell'),
});

export const resumeResult = z.object({ daemon: runningBuild, sessions: z.int() });

/** A schema of the protocol, which has no words for the description of the API. */
function described<T extends z.core.$ZodType>(schema: T, description: string): T {
  const copy = z.clone(schema);
  z.globalRegistry.add(copy, { description });
  return copy;
}
