import { close, FDS_PER_MESSAGE } from '@holdfast/posix';
import { asideShape } from '@holdfast/protocol';
import * as z from 'zod/mini';
import { suspendedConnectionShape } from '../connection/suspended-connection.ts';
import {
  type PackedSession,
  type SuspendedSession,
  suspendedSessionShape,
} from '../session/suspended-session.ts';
import type { HandoffChannel, Received } from './channel.ts';
import { readDocument, writeDocument } from './document.ts';
import { IncomingLuggage } from './luggage.ts';
import type { PreviewedSessions } from './previewed-sessions.ts';

/**
 * Schemas that this build reads and writes. A schema that was shipped never changes its meaning. In 1 all bytes are base64 in
 * the text, from 2 on they are beside it. In 3 a session that is as the preview had it is named only, so that nothing in it
 * depends on what is beside it: its descriptors are counted from its own first.
 */
export const SNAPSHOT_SCHEMAS = [1, 2, 3] as const;
export type SnapshotSchema = (typeof SNAPSHOT_SCHEMAS)[number];
/** The first in which sessions count their descriptors for themselves. */
const WITH_PARTS = 3;

export function hasParts(schema: SnapshotSchema): boolean {
  return schema >= WITH_PARTS;
}

const count = z.int().check(z.gte(0));

/** Everything that one daemon hands to the next, but for its sessions. Unknown fields are ignored. No environments: they may hold secrets. */
const restShape = z.object({
  from: z.object({ pid: z.int(), version: z.string(), build: z.string() }),
  generation: count,
  /** When reading stopped, on the monotonic clock that all processes share, in nanoseconds. */
  frozenAtNs: z.string().check(z.regex(/^\d+$/)),
  /** Indices of descriptors. */
  lock: count,
  listener: count,
  /** Of memory with the bytes that sessions and connections refer to. Absent if there are none. */
  bytes: z.optional(count),
  /** Kept and not served. Absent from builds that serve all that they keep. */
  aside: z.optional(z.array(asideShape())),
  /** Names of what the keeper has not said to hold. Absent from builds that did not wait for that. */
  notHeld: z.optional(z.array(z.string())),
  connections: z.array(suspendedConnectionShape),
});

const wholeShape = z.extend(restShape, {
  schema: z.literal([1, 2]),
  sessions: z.array(suspendedSessionShape),
});

const partsShape = z.extend(restShape, {
  schema: z.literal(WITH_PARTS),
  sessions: z.array(
    z.object({
      firstFd: count,
      /** Place in the preview. Absent if it is not there, or not as it was then. */
      previewed: z.optional(count),
      session: z.optional(suspendedSessionShape),
    }),
  ),
});

export interface Snapshot extends z.infer<typeof restShape> {
  readonly schema: SnapshotSchema;
  /** Oldest first. */
  readonly sessions: readonly PackedSession[];
}

/** A snapshot and what came beside it. */
export interface HandedOver {
  readonly snapshot: Snapshot;
  readonly luggage: IncomingLuggage;
}

/** The newest schema that both sides know; undefined if there is none. */
export function commonSchema(others: readonly number[]): SnapshotSchema | undefined {
  return SNAPSHOT_SCHEMAS.findLast((schema) => others.includes(schema));
}

interface Outgoing {
  readonly snapshot: Snapshot;
  readonly fds: readonly number[];
  /** What the successor has of the preview. */
  readonly previewed?: PreviewedSessions | undefined;
}

/**
 * Sends a snapshot: its text in memory that has no name, the descriptors in as many messages as they need. False if the other
 * side has not taken all of them by then, on the clock of `performance`.
 */
export function sendSnapshot(
  channel: HandoffChannel,
  { snapshot, fds, previewed }: Outgoing,
  untilMs: number,
): boolean {
  const leftMs = () => untilMs - performance.now();
  const { memory, bytes } = writeDocument(documentOf(snapshot, previewed));
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

/** The snapshot in its schema. */
function documentOf(snapshot: Snapshot, previewed: PreviewedSessions | undefined): object {
  const { schema, sessions } = snapshot;
  if (!hasParts(schema)) return { ...snapshot, sessions: sessions.map(({ session }) => session) };
  return {
    ...snapshot,
    sessions: sessions.map(({ firstFd, session }) => {
      const place = previewed?.placeOf(session);
      return place === undefined ? { firstFd, session } : { firstFd, previewed: place };
    }),
  };
}

/**
 * Takes what `sendSnapshot` sent; `first` is its first message, `previewed` are the sessions that the preview had. Throws Error
 * if it can't be read, or does not come whole.
 */
export function receiveSnapshot(
  channel: HandoffChannel,
  { first, previewed }: { readonly first: Received; readonly previewed: readonly SuspendedSession[] },
  timeoutMs: number,
): HandedOver {
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
  const snapshot = parseSnapshot(text, previewed);
  return { snapshot, luggage: new IncomingLuggage(fds, snapshot.bytes) };
}

/** Throws Error with the reason if the text is no snapshot of a schema that this build reads. */
export function parseSnapshot(text: string, previewed: readonly SuspendedSession[] = []): Snapshot {
  const document: unknown = JSON.parse(text);
  const named = z.object({ schema: z.int() }).safeParse(document);
  const schema = SNAPSHOT_SCHEMAS.find((known) => named.success && known === named.data.schema);
  if (schema === undefined) {
    throw new Error(`a snapshot of schema ${named.success ? named.data.schema : 'unknown'} can't be read`);
  }
  if (!hasParts(schema)) {
    const { sessions, ...whole } = parse(wholeShape, document);
    return { ...whole, sessions: sessions.map((session) => ({ firstFd: 0, session })) };
  }
  const { sessions, ...parts } = parse(partsShape, document);
  const packed = sessions.map(({ firstFd, previewed: place, session }) => {
    const found = session ?? (place === undefined ? undefined : previewed[place]);
    if (!found) throw new Error(`the snapshot is not valid: session ${place} of the preview is missing`);
    return { firstFd, session: found };
  });
  return { ...parts, sessions: packed };
}

function parse<Shape extends z.ZodMiniType>(shape: Shape, document: unknown): z.infer<Shape> {
  const parsed = shape.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Error(`the snapshot is not valid: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
