import { callTRPCProcedure, TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { failureOf } from './failure.ts';
import { openApiDocument } from './openapi.ts';
import { operations } from './operations.ts';
import { queryInput } from './query-input.ts';
import { appRouter } from './router.ts';
import type { ApiContext } from './trpc.ts';

/** The same procedures for those who don't speak tRPC, and `/openapi.json`, which describes them. */
export function addRest(
  server: FastifyInstance,
  contextOf: (request: FastifyRequest, reply: FastifyReply) => ApiContext,
): void {
  server.get('/openapi.json', async () => openApiDocument());
  for (const { name, method, path, input: schema } of operations()) {
    const ofQuery = queryInput(schema);
    server.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const leaving = new AbortController();
        // Not that of the connection, which lasts for many requests. After an answer nobody listens to it any more.
        reply.raw.once('close', () => leaving.abort());
        const input = method === 'GET' ? ofQuery(request.query) : request.body;
        try {
          return await callTRPCProcedure({
            router: appRouter,
            path: name,
            getRawInput: async () => input ?? undefined,
            ctx: contextOf(request, reply),
            type: method === 'GET' ? 'query' : 'mutation',
            signal: leaving.signal,
            batchIndex: 0,
          });
        } catch (error) {
          const status = error instanceof TRPCError ? getHTTPStatusCodeFromError(error) : 500;
          return reply.code(status).send({ error: failureOf(error) });
        }
      },
    });
  }
}
