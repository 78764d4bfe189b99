import * as z from 'zod/mini';

/** What predecessor and successor say to each other, one JSON document a message. */
const count = z.int().check(z.gte(0));

const messageShape = z.discriminatedUnion('type', [
  /** successor: loaded, and this is what I am. */
  z.object({
    type: z.literal('ready'),
    pid: z.int(),
    version: z.string(),
    build: z.string(),
    /** Snapshot schemas it can read. */
    schemas: z.array(count),
    /** Client protocols it speaks. */
    protocols: z.array(count),
    /** Whether it takes a preview; older builds do not. */
    takesPreview: z.optional(z.boolean()),
  }),
  /** predecessor: the descriptor is a memfd with a list of what can be got ready. */
  z.object({ type: z.literal('preview'), bytes: count }),
  /** successor: what can be got ready is. */
  z.object({
    type: z.literal('prepared'),
    /** Sessions whose history has no files any more. */
    missing: z.optional(z.array(z.string())),
  }),
  /** predecessor: the first descriptor is a memfd with the snapshot; there are `descriptors` more in all. */
  z.object({ type: z.literal('snapshot'), bytes: count, descriptors: count }),
  /** predecessor: more descriptors. */
  z.object({ type: z.literal('descriptors') }),
  /** successor: everything is taken over, and nothing has been read. */
  z.object({ type: z.literal('adopted'), sessions: count, clients: count }),
  /** predecessor: it is yours. */
  z.object({ type: z.literal('commit') }),
  /** successor: from now on I read. */
  z.object({ type: z.literal('serving') }),
  /** successor: I can't, and nothing has been read. */
  z.object({ type: z.literal('refused'), reason: z.string() }),
]);

export type HandoffMessage = z.infer<typeof messageShape>;

/** Throws Error if the text is no message. */
export function parseHandoffMessage(text: string): HandoffMessage {
  const parsed = messageShape.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`not a hand-over message: ${text.slice(0, 200)}`);
  return parsed.data;
}
