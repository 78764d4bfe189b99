import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { cookieNameFor } from './cookie-name.ts';
import type { OriginRule } from './origin.ts';
import type { Principal, Tokens } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is; undefined on the routes that are open to everybody. */
    principal: Principal | undefined;
  }
  interface FastifyContextConfig {
    /** Needs no token. `Host` and `Origin` are checked all the same. */
    isOpen?: boolean;
  }
}

export interface GuardOptions {
  readonly tokens: Tokens;
  readonly origins: OriginRule;
  readonly cookieName: string;
}

/** Wrong tokens of one address: after so many in a minute they are no longer looked at. */
const FAILURES_PER_MINUTE = 60;
const BEARER = /^Bearer +(\S+)$/i;

/**
 * Stands before every request and every upgrade to a WebSocket, also those to addresses that do not exist: a foreign `Host` or
 * `Origin` is 403, a missing or wrong token 401. A right token is right however many wrong ones came before. Resolves with what
 * counts the wrong ones, for whoever else is shown some.
 */
export async function addGuard(server: FastifyInstance, options: GuardOptions): Promise<FailureCount> {
  await server.register(cookie);
  await server.register(rateLimit, { global: false });
  const failures = failureCount(server);
  server.decorateRequest('principal', undefined);

  server.addHook('onRequest', async (request, reply) => {
    const complaint = options.origins.complaint({
      host: request.headers.host,
      origin: request.headers.origin,
      fetchSite: single(request.headers['sec-fetch-site']),
      isVisit: isVisit(request),
    });
    if (complaint !== undefined) return refuse(reply, 403, complaint);
    request.principal = whoseRequest(request, options);
    if (request.principal || request.routeOptions.config.isOpen) return undefined;
    if (tokenOf(request, options) === undefined) return refuse(reply, 401, 'a token is needed');
    if (await failures(request))
      return refuse(reply.header('retry-after', '60'), 429, 'too many wrong tokens');
    return refuse(reply, 401, 'the token is wrong, has expired, or was revoked');
  });
  return failures;
}

/** Counts a wrong token; true if its address has had too many. The plugin remembers a bounded number of addresses. */
export type FailureCount = (request: FastifyRequest) => Promise<boolean>;

function failureCount(server: FastifyInstance): FailureCount {
  const count = server.createRateLimit({ max: FAILURES_PER_MINUTE, timeWindow: 60_000 });
  return async (request) => {
    const outcome = await count(request);
    return !outcome.isAllowed && outcome.isExceeded;
  };
}

/** Somebody follows a link to the page, from wherever it stands: what is open to everybody knows no secret. */
function isVisit({ method, headers, routeOptions }: FastifyRequest): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination } = headers;
  const isOpen = routeOptions.config.isOpen === true;
  return method === 'GET' && isOpen && mode === 'navigate' && destination === 'document';
}

function whoseRequest(request: FastifyRequest, options: GuardOptions): Principal | undefined {
  const token = tokenOf(request, options);
  const principal = token === undefined ? undefined : options.tokens.verify(token);
  // What a browser was given is good as a cookie only.
  return principal?.kind === 'browser' && bearer(request) !== undefined ? undefined : principal;
}

function tokenOf(request: FastifyRequest, { cookieName }: GuardOptions): string | undefined {
  return bearer(request) ?? request.cookies[cookieNameFor(request, cookieName)];
}

function bearer({ headers }: FastifyRequest): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1];
}

/** The connection ends: what else came on it, a large body say, is not read. */
function refuse(reply: FastifyReply, status: 401 | 403 | 429, message: string) {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(status)
    .header('connection', 'close')
    .send({ error: { code: REFUSED[status], message } });
}

const REFUSED = { 401: 'E_UNAUTHORIZED', 403: 'E_FORBIDDEN', 429: 'E_LIMIT' } as const;

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join() : value;
}
