import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { failureCount, type GuardOptions } from './guard.ts';

/** A browser that does not come back for so long needs the token again. */
const COOKIE_MS = 30 * 24 * 60 * 60 * 1000;

const loginShape = z.object({ token: z.string().max(128) });

/**
 * `POST /auth/session {"token"}` trades a token for a cookie that no script can read and no foreign page can use; `DELETE`
 * drops it.
 */
export function addBrowserSession(server: FastifyInstance, options: GuardOptions & { isTls: boolean }): void {
  const { tokens, cookieName, isTls } = options;
  const attributes = { httpOnly: true, sameSite: 'strict', path: '/', secure: isTls } as const;
  const failures = failureCount(server);

  server.post('/auth/session', { config: { isOpen: true }, bodyLimit: 1_024 }, async (request, reply) => {
    const parsed = loginShape.safeParse(request.body);
    const principal = parsed.success ? tokens.verify(parsed.data.token) : undefined;
    if (!principal) {
      const error = { code: 'E_UNAUTHORIZED', message: 'the token is wrong, has expired, or was revoked' };
      return reply.code((await failures(request)) ? 429 : 401).send({ error });
    }
    const cookie = tokens.browser(principal, COOKIE_MS);
    reply.setCookie(cookieName, cookie, { ...attributes, maxAge: COOKIE_MS / 1000 });
    return { share: principal.share ?? null };
  });

  server.delete('/auth/session', async (request, reply) => {
    const { principal } = request;
    // Only what a browser was given ends with it; a token that was sent as such goes on.
    if (principal && request.cookies[cookieName] !== undefined) tokens.revokeBrowser(principal.tokenId);
    reply.clearCookie(cookieName, attributes);
    return {};
  });
}
