import * as z from 'zod/mini';
import { carriedBytesShape } from '../session/luggage.ts';

/** A connection as it is handed to a successor. The descriptor is an index into the list beside it. */

const count = z.int().check(z.gte(0));

const suspendedInputChannelShape = z.object({
  channel: count,
  session: z.string(),
  stream: z.string(),
  /** Whether it is told of progress: of several channels of one stream only one is. Absent: each may be. */
  isTold: z.optional(z.boolean()),
  /** Channel of the viewer that types. */
  viewer: z.optional(count),
});
export type SuspendedInputChannel = z.infer<typeof suspendedInputChannelShape>;

export const suspendedConnectionShape = z.object({
  socket: count,
  peerPid: z.nullable(z.int()),
  /** Null before hello. */
  protocol: z.nullable(count),
  /** Frames that were read and not handled, and the one that has come in part. */
  received: carriedBytesShape,
  /** The unsent rest of the write in progress, and the control frames behind it. */
  unsent: carriedBytesShape,
  /** Id of the one session that it may see. Absent: it may do everything. */
  limitedTo: z.optional(z.string()),
  inputs: z.array(suspendedInputChannelShape),
  watchesSessions: z.boolean(),
  /** How many events `forgotten` there are among `unsent`. Absent: not counted. */
  untoldForgotten: z.optional(count),
  /** Requests that have not been answered: each the JSON of its frame. */
  requests: z.array(z.string()),
  isEnding: z.boolean(),
  isRefused: z.boolean(),
});
export type SuspendedConnection = z.infer<typeof suspendedConnectionShape>;
