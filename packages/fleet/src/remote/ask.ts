import { setTimeout } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/protocol';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import type * as z from 'zod/mini';
import { FLEET_LIMITS } from '../limits.ts';
import { encodeRequest, parseAnswer } from '../messages.ts';
import { findCause } from '../nats/find-cause.ts';
import { requestSubject, type Role, type Verb } from '../subjects.ts';
import { isHost } from './hosts.ts';

export interface Question<T> {
  readonly host: string;
  readonly role: Role;
  readonly verb: Verb;
  readonly parameters: object;
  readonly timeoutMs: number;
  readonly answer: z.ZodMiniType<T>;
}

/**
 * Asks a host. Throws what it answers went wrong, E_NO_DAEMON if no host of that name is in the fleet, E_FORBIDDEN if the
 * credentials don't allow to ask, E_TIMEOUT without an answer.
 */
export async function ask<T>(nc: NatsConnection, question: Question<T>): Promise<T> {
  const { host, role, verb, parameters, timeoutMs: timeout, answer } = question;
  try {
    // What a host has begun must not be said to be impossible: so it is looked for first, and not meanwhile.
    if (verb === 'upgrade' && !(await mayBeThere(nc, host))) throw noHost(host);
    const subject = requestSubject(host, role, verb);
    const answered = nc.request(subject, encodeRequest(parameters), { timeout });
    const { data } = verb === 'upgrade' ? await answered : await Promise.race([answered, isAbsent(nc, host)]);
    return parseAnswer(data, answer);
  } catch (cause) {
    throw inOurWords(cause, question);
  }
}

/** Rejects if no host has that name: where it would be in another account, the servers don't say that nobody listens there. */
function isAbsent(nc: NatsConnection, host: string): Promise<never> {
  return new Promise((_, reject) => {
    void mayBeThere(nc, host).then((isThere) => {
      if (!isThere) reject(noHost(host));
    });
  });
}

/** Whether a host has that name, as far as can be known. A lease that was just claimed is not at each server yet. */
async function mayBeThere(nc: NatsConnection, host: string): Promise<boolean> {
  try {
    if (await isHost(nc, host)) return true;
    await setTimeout(FLEET_LIMITS.lookAgainMs, undefined, { ref: false });
    return await isHost(nc, host);
  } catch {
    return true; // Whoever may not read that waits for an answer.
  }
}

function noHost(host: string, cause?: unknown): HoldfastError {
  return new HoldfastError('E_NO_DAEMON', `no host "${host}" is in the fleet`, { cause });
}

function inOurWords(cause: unknown, { host, verb, timeoutMs }: Question<unknown>): unknown {
  if (!(cause instanceof Error) || cause instanceof HoldfastError) return cause;
  if (findCause(cause, errors.NoRespondersError)) return noHost(host, cause);
  if (findCause(cause, errors.PermissionViolationError))
    return new HoldfastError('E_FORBIDDEN', `these credentials may not do that on ${host}`, { cause });
  if (findCause(cause, errors.TimeoutError))
    return new HoldfastError('E_TIMEOUT', `${host}: no answer to ${verb} within ${timeoutMs} ms`, { cause });
  return new HoldfastError('E_DISCONNECTED', `${host} can't be asked: ${cause.message}`, { cause });
}
