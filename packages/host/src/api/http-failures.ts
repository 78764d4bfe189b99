import type { FastifyInstance } from 'fastify';

/** Failures outside tRPC have the form of all others: `{"error": {"code", "message"}}`. */
export function addFailures(server: FastifyInstance): void {
  server.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ error: { code: 'E_UNKNOWN_REQUEST', message: 'there is nothing here' } }),
  );
  server.setErrorHandler(async (error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // What is the caller's fault is explained to it.
    const isCallers = status >= 400 && status < 500;
    const code = isCallers ? 'E_BAD_REQUEST' : 'E_INTERNAL';
    const message = isCallers ? error.message : 'a fault in Holdfast itself';
    return reply.code(status).send({ error: { code, message } });
  });
}
