import type { FastifyInstance } from 'fastify';

/** Failures outside tRPC have the form of all others: `{"error": {"code", "message"}}`. */
export function addFailures(server: FastifyInstance): void {
  server.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ error: { code: 'E_UNKNOWN_REQUEST', message: 'there is nothing here' } }),
  );
  server.setErrorHandler(async (error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // With "close" a client that still sends would see its connection break instead of the answer. Without it Node drops the
    // rest of the body, for as long as a request may take.
    if (status === 413) reply.removeHeader('connection');
    // What is the caller's fault is explained to it.
    const isCallers = status >= 400 && status < 500;
    const code = isCallers ? 'E_BAD_REQUEST' : 'E_INTERNAL';
    const message = isCallers ? error.message : 'a fault in Holdfast itself';
    return reply.code(status).send({ error: { code, message } });
  });
}
