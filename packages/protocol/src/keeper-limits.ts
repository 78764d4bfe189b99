import { LIMITS } from './limits.ts';

/** Limits of both protocols, each with its reason. Sizes are bytes. */
export const KEEPER_LIMITS = {
  /** One message on a channel, and one line on the keeper's socket: two paths and a few arguments. */
  messageBytes: 48 * 1024,
  /** Descriptors in one message: a name goes with each. */
  descriptorsPerMessage: 1,
  /** Descriptors held: one for each session, lock and listener, and room for those that are being exchanged. */
  held: LIMITS.sessions + 16,
  /** Exit statuses kept that no daemon has taken; the oldest makes room. */
  statuses: LIMITS.sessions,
  /** Messages that wait for a daemon to read: all that `giveBack` brings, and as many again. */
  queuedMessages: 4 * LIMITS.sessions,
  /** Clients of the keeper's socket at once; the oldest makes room. */
  clients: 16,
  /** Characters in the id of a session. */
  sessionIdCharacters: 64,
  /** Characters in a path: PATH_MAX of Linux. */
  pathCharacters: 4_096,
  /** Arguments for Node, and characters in one. */
  nodeArguments: 32,
  nodeArgumentCharacters: 1_024,
} as const;
