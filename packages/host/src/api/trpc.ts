import { HoldfastError, type OpenParameters } from '@holdfast/protocol';
import { initTRPC, TRPCError } from '@trpc/server';
import type { Writable } from 'node:stream';
import type { Principal, Tokens } from '../auth/tokens.ts';
import type { Namespaces } from '../daemons/namespace.ts';
import type { ProgramMemory } from '../daemons/program-memory.ts';
import type { Machines } from '../machines/machines.ts';
import { failureOf, toTrpcError } from './failure.ts';
import type { GuestCaptures } from './guest-captures.ts';

/** What every procedure knows. */
export interface ApiContext {
  readonly principal: Principal;
  readonly namespaces: Namespaces;
  /** Those of the fleet, if the host belongs to one. */
  readonly machines: Machines | undefined;
  readonly tokens: Tokens;
  readonly memory: ProgramMemory;
  readonly guestCaptures: GuestCaptures;
  /** What the result is written to, with those of all that was asked in the same request. */
  readonly answer: Writable;
  /** Of the host: what programs start with. */
  readonly env: NodeJS.ProcessEnv;
  readonly programs: Pick<OpenParameters, 'umask' | 'openFilesLimit'>;
}

/** What documentation says of a procedure. */
export interface ProcedureMeta {
  readonly summary: string;
}

const t = initTRPC
  .context<ApiContext>()
  .meta<ProcedureMeta>()
  .create({
    // Under `data.holdfast` the codes of docs/protocol.md; a stack is nobody's business.
    errorFormatter: ({ shape, error }) => {
      const { code, message, retry } = failureOf(error);
      const { stack: _, ...data } = shape.data;
      return { ...shape, message, data: { ...data, holdfast: { code, retry } } };
    },
    // A host that hangs is missed by its pages as soon as a terminal that doesn't answer is.
    sse: { ping: { enabled: true, intervalMs: 3_000 }, client: { reconnectAfterInactivityMs: 10_000 } },
  });

export const { router } = t;

const explained = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof HoldfastError) throw toTrpcError(result.error.cause);
  return result;
});

/** For whoever may do everything. */
export const procedure = explained.use(({ ctx, next }) => {
  if (ctx.principal.share)
    throw new TRPCError({ code: 'FORBIDDEN', message: 'this token is for seeing one session only' });
  return next();
});

/** Also for those who may see one session; the procedure asks which. */
export const sharedProcedure = explained;
