import fs from 'node:fs';
import { openAnonymous } from '@holdfast/posix';
import { daemonStartShape, parseFromKeeper, statusShape } from '@holdfast/protocol/keeper';
import * as z from 'zod/mini';
import type { Daemon, DaemonParts } from './daemon.ts';
import type { Escrow } from './escrow.ts';

/**
 * What a keeper leaves to the one that takes its place in the same process. The two may be of different versions: unknown fields
 * are ignored, later ones are optional, and a schema that was shipped never changes its meaning.
 */
const fd = z.int().check(z.gte(0));
const optional = { fd: z.optional(fd), pid: z.optional(z.int()) };
const held = z.object({ name: z.string(), fd, pid: optional.pid });

const daemonShape = z.object({
  channelFd: optional.fd,
  pid: optional.pid,
  pidfd: optional.fd,
  start: z.optional(daemonStartShape),
  readyAtMs: z.optional(z.number()),
  isStopping: z.optional(z.boolean()),
  /** Messages that it has not read: as they are sent, with the name under which a descriptor is held, or a descriptor. */
  queue: z.array(z.object({ message: z.string(), held: z.optional(z.string()), fd: optional.fd })),
});

const legacyShape = z.object({
  schema: z.literal(1),
  held: z.array(held),
  exited: z.array(z.object({ pid: z.int(), name: z.string(), status: statusShape })),
  /** Of programs that live; an earlier keeper kept no status of theirs. */
  dropped: z._default(z.array(z.object({ pid: z.int(), name: z.string() })), []),
  standing: z.object({
    succession: z.enum(['none', 'alone', 'offered', 'adopted', 'succeeded']),
    start: daemonStartShape,
    failures: z.int(),
    isHolding: z.boolean(),
    /** Of one that holds an earlier keeper has not said it. */
    heldSince: z._default(z.nullable(z.string()), null),
    reason: z.nullable(z.string()),
  }),
  current: z.optional(daemonShape),
  other: z.optional(daemonShape),
  /** The keeper's socket. */
  socketFd: optional.fd,
  /** Who is to be told that there is a new keeper. */
  clientFd: optional.fd,
});
export type Legacy = z.infer<typeof legacyShape>;
type LeftDaemon = z.infer<typeof daemonShape>;

/** A file without a name that holds it; ours to close. */
export function writeLegacy(legacy: Legacy): number {
  const bytes = Buffer.from(JSON.stringify(legacy));
  const file = openAnonymous('holdfast-keeper', bytes.length);
  fs.writeSync(file, bytes, 0, bytes.length, 0);
  return file;
}

/** Throws Error if this keeper can't read it, down to the messages that wait. */
export function readLegacy(file: number): Legacy {
  const bytes = Buffer.alloc(fs.fstatSync(file).size);
  fs.readSync(file, bytes, 0, bytes.length, 0);
  const legacy = legacyShape.parse(JSON.parse(bytes.toString('utf8')));
  for (const daemon of [legacy.current, legacy.other])
    daemon?.queue.forEach(({ message }) => parseFromKeeper(message));
  return legacy;
}

/** Every descriptor in it. */
export function descriptorsOf(legacy: Legacy): number[] {
  const { held, current, other, socketFd, clientFd } = legacy;
  const ofDaemons = [current, other].flatMap((daemon) =>
    daemon ? [daemon.channelFd, daemon.pidfd, ...daemon.queue.map(({ fd }) => fd)] : [],
  );
  return [...held.map(({ fd }) => fd), ...ofDaemons, socketFd, clientFd].filter((fd) => fd !== undefined);
}

export function leaveDaemon(daemon: Daemon): LeftDaemon {
  const { queue, ...parts } = daemon.parts;
  const left = queue.map(({ message, held, fd }) => ({
    message: JSON.stringify(message),
    held: held?.name,
    fd,
  }));
  return { ...parts, queue: left };
}

export function findDaemon({ queue, ...parts }: LeftDaemon, escrow: Escrow): DaemonParts {
  const found = queue.map(({ message, held, fd }) => ({
    message: parseFromKeeper(message),
    held: escrow.held.find(({ name }) => name === held),
    fd,
  }));
  return { ...parts, queue: found };
}
