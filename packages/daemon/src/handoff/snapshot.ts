import { close, FDS_PER_MESSAGE } from '@holdfast/posix';
import { asideShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { suspendedConnectionShape } from '../connection/suspended-connection.ts';
import { suspendedSessionShape } from '../session/suspended-session.ts';
import type { HandoffChannel, Received } from './channel.ts';
import { readDocument, writeDocument } from './document.ts';

/** Schemas that this build reads; the last is the one it writes. A schema that was shipped never changes its meaning. */
export const SNAPSHOT_SCHEMAS = [1] as const;
export const SNAPSHOT_SCHEMA = 1;

const count = z.int().check(z.gte(0));

/** Everything that one daemon hands to the next. Unknown fields are ignored. No environments: they may hold secrets. */
const snapshotShape = z.object({
  schema: z.literal(SNAPSHOT_SCHEMA),
  from: z.object({ pid: z.int(), version: z.string(), build: z.string() }),
  generation: count,
  /** When reading stopped, on the monotonic clock that all processes share, in nanoseconds. */
  frozenAtNs: z.string().check(z.regex(/^\d+$/)),
  /** Indices of descriptors. */
  lock: count,
  listener: count,
  sessions: z.array(suspendedSessionShape),
  /** Kept and not served. Absent from builds that serve all that they keep. */
  aside: z.optional(z.array(asideShape())),
  connections: z.array(suspendedConnectionShape),
});
export type Snapshot = z.infer<typeof snapshotShape>;

/** The descriptors that travel beside a snapshot, in order. */
export class DescriptorList {
  readonly fds: number[] = [];

  /** Adds one; returns its index. */
  add(fd: number): number {
    return this.fds.push(fd) - 1;
  }
}

/** Sends a snapshot: its text in memory that has no name, the descriptors in as many messages as they need. */
export function sendSnapshot(
  channel: HandoffChannel,
  snapshot: Snapshot,
  descriptors: readonly number[],
): void {
  const { memory, bytes } = writeDocument(snapshot);
  try {
    const first = descriptors.slice(0, FDS_PER_MESSAGE - 1);
    channel.send({ type: 'snapshot', bytes, descriptors: descriptors.length }, [memory, ...first]);
    for (let at = first.length; at < descriptors.length; at += FDS_PER_MESSAGE) {
      channel.send({ type: 'descriptors' }, descriptors.slice(at, at + FDS_PER_MESSAGE));
    }
  } finally {
    close(memory);
  }
}

/** Takes what `sendSnapshot` sent; `first` is its first message. Throws Error if it can't be read, or does not come whole. */
export function receiveSnapshot(
  channel: HandoffChannel,
  first: Received,
  timeoutMs: number,
): { snapshot: Snapshot; fds: readonly number[] } {
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
  return { snapshot: parseSnapshot(text), fds };
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
