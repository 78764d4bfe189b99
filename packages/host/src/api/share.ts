import { HoldfastError } from '@holdfast/protocol';
import * as z from 'zod';
import { namespace, sessionRef, shared } from './schemas.ts';
import { procedure, router } from './trpc.ts';

const HOUR_MS = 3_600_000;
const LONGEST_MS = 365 * 24 * HOUR_MS;

export const shareRouter = router({
  create: procedure
    .meta({ summary: 'make a token with which somebody can see one session; it is told once' })
    .input(
      z.object({
        namespace,
        session: sessionRef,
        expiresInMs: z.int().min(1_000).max(LONGEST_MS).default(HOUR_MS),
      }),
    )
    .output(shared.extend({ token: z.string() }))
    .mutation(async ({ ctx, input }) => {
      const { namespace = ctx.namespaces.own } = input;
      using use = ctx.namespaces.use(namespace);
      const client = await use.thing.client();
      const { session } = await client.request('get', { session: input.session });
      const token = ctx.tokens.share({ namespace, session: session.id }, input.expiresInMs);
      const [id = ''] = token.split('.');
      const record = ctx.tokens.list().find((one) => one.id === id);
      if (!record?.share) throw new HoldfastError('E_INTERNAL', 'the token that was made is gone');
      const { createdAt, expiresAt, share } = record;
      return { id, ...share, createdAt, expiresAt, token };
    }),

  list: procedure
    .meta({ summary: 'the shared tokens that are good, newest first, without what is secret of them' })
    .input(z.object({ namespace }).prefault({}))
    .output(z.array(shared))
    .query(({ ctx, input }) => {
      const { namespace = ctx.namespaces.own } = input;
      return ctx.tokens
        .list()
        .flatMap(({ id, kind, createdAt, expiresAt, share }) =>
          kind === 'share' && share?.namespace === namespace ? [{ id, ...share, createdAt, expiresAt }] : [],
        )
        .toReversed();
    }),

  revoke: procedure
    .meta({ summary: 'end a shared token, and what it has opened' })
    .input(z.object({ namespace, id: z.string() }))
    .output(z.object({}))
    .mutation(({ ctx, input }) => {
      const { namespace = ctx.namespaces.own } = input;
      const isShared = ctx.tokens
        .list()
        .some(({ id, kind, share }) => id === input.id && kind === 'share' && share?.namespace === namespace);
      // Other tokens are none of this procedure's: who is logged in must not be able to lock out the owner by mistake.
      if (!isShared || !ctx.tokens.revoke(input.id))
        throw new HoldfastError('E_BAD_REQUEST', `there is no shared token ${input.id}`);
      return {};
    }),
});
