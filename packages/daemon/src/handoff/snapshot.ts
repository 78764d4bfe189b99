import { close, FDS_PER_MESSAGE } from '@holdfast/posix';
import { asideShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { suspendedConnectionShape } from '../connection/suspended-connection.ts';
import { suspendedSessionShape } from '../session/suspended-session.ts';
import type { HandoffChannel, Received } from './channel.ts';
import { readDocument, writeDocument } from './document.ts';
import { IncomingLuggage } from './luggage.ts';

/**
 * Schemas that this build reads and writes. A schema that was shipped never changes its meaning. In 1 all bytes are base64 in
 * the text, from 2 on they are beside it.
 */
export const SNAPSHOT_SCHEMAS = [1, 2] as const;
export type SnapshotSchema = (typeof SNAPSHOT_SCHEMAS)[number];

const count = z.int().check(z.gte(0));

/** Everything that one daemon hands to the next. Unknown fields are ignored. No environments: they may hold secrets. */
const snapshotShape = z.object({
  schema: z.literal([...SNAPSHOT_SCHEMAS]),
  from: z.object({ pid: z.int(), version: z.string(), build: z.string() }),
  generation: count,
  /** When reading stopped, on the monotonic clock that all processes share, in nanoseconds. */
  frozenAtNs: z.string().check(z.regex(/^\d+$/)),
  /** Indices of descriptors. */
  lock: count,
  listener: count,
  /** Of memory with the bytes that sessions and connections refer to. Absent if there are none. */
  bytes: z.optional(count),
  sessions: z.array(suspendedSessionShape),
  /** Kept and not served. Absent from builds that serve all that they keep. */
  aside: z.optional(z.array(asideShape())),
  connections: z.array(suspendedConnectionShape),
});
export type Snapshot = z.infer<typeof snapshotShape>;

/** A snapshot and what came beside it. */
export interface HandedOver {
  readonly snapshot: Snapshot;
  readonly luggage: IncomingLuggage;
}

/** The newest schema that both sides know; undefined if there is none. */
export function commonSchema(others: readonly number[]): SnapshotSchema | undefined {
  return SNAPSHOT_SCHEMAS.findLast((schema) => others.includes(schema));
}

/**
 * Sends a snapshot: its text in memory that has no name, the descriptors in as many messages as they need. False if the other
 * side has not taken all of them by then, on the clock of `performance`.
 */
export function sendSnapshot(
  channel: HandoffChannel,
  { snapshot, fds }: { readonly snapshot: Snapshot; readonly fds: readonly number[] },
  untilMs: number,
): boolean {
  const leftMs = () => untilMs - performance.now();
  const { memory, bytes } = writeDocument(snapshot);
  try {
    const first = fds.slice(0, FDS_PER_MESSAGE - 1);
    const message = { type: 'snapshot', bytes, descriptors: fds.length } as const;
    if (!channel.sendWithin(leftMs(), message, [memory, ...first])) return false;
    for (let at = first.length; at < fds.length; at += FDS_PER_MESSAGE) {
      const more = fds.slice(at, at + FDS_PER_MESSAGE);
      if (!channel.sendWithin(leftMs(), { type: 'descriptors' }, more)) return false;
    }
    return true;
  } finally {
    close(memory);
  }
}

/** Takes what `sendSnapshot` sent; `first` is its first message. Throws Error if it can't be read, or does not come whole. */
export function receiveSnapshot(channel: HandoffChannel, first: Received, timeoutMs: number): HandedOver {
  if (first.message.type !== 'snapshot')
    throw new Error(`"${first.message.type}" came instead of a snapshot`);
  const { bytes, descriptors } = first.message;
  const [memory, ...fds] = first.fds;
  if (memory === undefined) throw new Error('the snapshot has no content');
  const text = readDocument({ memory, bytes });
  while (fds.length < descriptors) {
    const more = channel.receiveWithin(timeoutMs);
    if (more === 'none' || more === 'end' || more.message.type !== 'descriptors') {
      throw new Error(`${fds.length} of ${descriptors} descriptors came`);
    }
    fds.push(...more.fds);
  }
  const snapshot = parseSnapshot(text);
  return { snapshot, luggage: new IncomingLuggage(fds, snapshot.bytes) };
}

/** Throws Error with the reason if the text is no snapshot of a schema that this build reads. */
export function parseSnapshot(text: string): Snapshot {
  const document: unknown = JSON.parse(text);
  const named = z.object({ schema: z.int() }).safeParse(document);
  if (!named.success || !SNAPSHOT_SCHEMAS.some((schema) => schema === named.data.schema)) {
    throw new Error(`a snapshot of schema ${named.success ? named.data.schema : 'unknown'} can't be read`);
  }
  const parsed = snapshotShape.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`the snapshot is not valid: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
